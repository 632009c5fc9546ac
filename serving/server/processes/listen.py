"""The port a server listens on."""

from __future__ import annotations

import socket
from ipaddress import ip_address

BACKLOG = 2048
HIGHEST_PORT = 65_535


class ListenError(ValueError):
    """An address that cannot be listened on."""


def listening_socket(host: str, port: int) -> socket.socket:
    """Bind and listen.

    Parameters
    ----------
    host : str
        Name or address of this machine; IPv4 or IPv6.
    port : int
        0 to 65535; 0 takes any free one.

    Returns
    -------
    socket
        That workers may share.

    Raises
    ------
    ListenError
        No such address here, the port is taken, or it needs rights that are not given.
    """
    if not 0 <= port <= HIGHEST_PORT:  # the look-up below would take what is left of it
        raise ListenError(f"port: got {port}, expected 0 to {HIGHEST_PORT}")
    try:
        family, _, _, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)[0]
        listen = socket.create_server(address, family=family, backlog=BACKLOG)
    except OSError as error:
        reason = error.strerror or str(error)
        raise ListenError(f"cannot listen on {host} port {port}: {reason}; choose another --host or --port") from None
    # connections inherit it; without, an answer's body waits 40 ms until the other side acknowledges its head
    listen.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return listen


def is_local(listen: socket.socket) -> bool:
    """Say whether only this machine reaches a socket.

    Parameters
    ----------
    listen : socket
        Of `listening_socket`.

    Examples
    --------
    >>> with listening_socket("127.0.0.1", 0) as listen:
    ...     is_local(listen)
    True
    """
    return ip_address(listen.getsockname()[0].partition("%")[0]).is_loopback
