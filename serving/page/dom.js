// Elements, made without markup: what a user typed or a table holds is text, never anything else.

const SVG = "http://www.w3.org/2000/svg";

/** An HTML element. Children are elements or text; empty ones are left out. */
export function element(tag, attributes = {}, ...children) {
  return filled(document.createElement(tag), attributes, children);
}

/** An SVG element. */
export function svg(tag, attributes = {}, ...children) {
  return filled(document.createElementNS(SVG, tag), attributes, children);
}

/** The elements of a selector of this page that must be there. */
export function part(selector) {
  const found = document.querySelector(selector);
  if (!found) throw new Error(`the page has no ${selector}`);
  return found;
}

/** A named picture: its words for who cannot see it, and for who rests the pointer on it. */
export function picture(width, height, title, description, ...children) {
  return svg(
    "svg",
    {
      width,
      height,
      ...(Number(width) && { viewBox: `0 0 ${width} ${height}` }),
      role: "img",
      "aria-label": description ? `${title}: ${description}` : title,
    },
    svg("title", {}, title),
    ...children,
  );
}

/** A table of numbers. Cells are elements or text; the first cell of a row is its head. */
export function table(caption, heads, rows, attributes = {}) {
  const head = element("tr", {}, ...heads.map((each) => element("th", { scope: "col" }, each)));
  const body = rows.map(([first, ...others]) =>
    element("tr", {}, element("th", { scope: "row" }, first), ...others.map((each) => element("td", {}, each))),
  );
  return element(
    "table",
    attributes,
    element("caption", {}, caption),
    element("thead", {}, head),
    element("tbody", {}, ...body),
  );
}

/** A table that may be wider than the page: scrolled inside, by keyboard too. */
export function scrolled(label, inside) {
  return element("div", { class: "scrolled", tabindex: "0", role: "region", "aria-label": label }, inside);
}

/** Lets the browser keep bytes as a file. */
export function download(blob, name) {
  const address = URL.createObjectURL(blob);
  const link = element("a", { href: address, download: name });
  document.body.append(link);
  link.click();
  link.remove();
  setTimeout(() => URL.revokeObjectURL(address), 60_000);
}

function filled(made, attributes, children) {
  for (const [name, value] of Object.entries(attributes)) {
    if (name.startsWith("on")) made.addEventListener(name.slice(2), value);
    else if (value === true) made.setAttribute(name, "");
    else if (value !== false && value !== null && value !== undefined) made.setAttribute(name, String(value));
  }
  made.append(...children.filter((each) => each !== null && each !== undefined && each !== ""));
  return made;
}
