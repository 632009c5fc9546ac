"""Known weaknesses of the pinned packages, as pip-audit tells them: `python tools/audit.py REQUIREMENTS...`

Ends with 1 where there are any, and with 0 where there are none or where nothing could be looked up, in words.
"""

from __future__ import annotations

import json
import subprocess
import sys

SKIPPED = "audit skipped"


def verdict(output: str, error: str) -> tuple[int, str]:
    """Return the exit code and what to say.

    Parameters
    ----------
    output, error : str
        What `pip_audit --format json` wrote: no JSON where its data could not be had.

    Examples
    --------
    >>> verdict('{"dependencies": [{"name": "a", "version": "1", "vulns": []}]}', "")
    (0, 'no known weakness in 1 packages')
    """
    try:
        packages = json.loads(output)["dependencies"]
    except (ValueError, KeyError):
        why = error.strip().splitlines()[-1:] or ["pip-audit said nothing"]
        return 0, f"{SKIPPED}: its data cannot be had here ({why[0][:300]})"
    found = [
        f"{package['name']} {package['version']}: {flaw['id']}, mended in {', '.join(flaw['fix_versions']) or 'none'}"
        for package in packages
        for flaw in package.get("vulns", ())
    ]
    unknown = [package["name"] for package in packages if "skip_reason" in package]
    if len(unknown) == len(packages):
        return 0, f"{SKIPPED}: none of {len(packages)} packages could be looked up here"
    if unknown:  # none of them counts as a good one
        found.append(f"not looked up, so nothing is known of them: {', '.join(unknown)}")
    known = len(packages) - len(unknown)
    weak = any(package.get("vulns") for package in packages)
    return int(weak), "\n".join(found if weak else [f"no known weakness in {known} packages", *found])


def main(files: list[str]) -> int:
    """Ask pip-audit, and say what it found.

    Parameters
    ----------
    files : list of str
        Requirements.

    Returns
    -------
    int
        Exit code.
    """
    asked = [sys.executable, "-m", "pip_audit"]
    if subprocess.run([*asked, "--version"], capture_output=True, check=False).returncode:
        sys.stdout.write(f"{SKIPPED}: pip-audit is not installed here (pip install pip-audit)\n")
        return 0
    words = [
        "--format",
        "json",
        "--no-deps",
        "--disable-pip",
        *(word for file in files for word in ("--requirement", file)),
    ]
    done = subprocess.run([*asked, *words], capture_output=True, text=True, check=False)
    code, text = verdict(done.stdout, done.stderr)
    sys.stdout.write(f"{text}\n")
    return code


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
