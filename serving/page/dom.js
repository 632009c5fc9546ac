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
  const match = document.querySelector(selector);
  if (!match) throw new Error(`the page has no ${selector}`);
  return match;
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
  const header = element("tr", {}, ...heads.map((head) => element("th", { scope: "col" }, head)));
  const body = rows.map(([first, ...cells]) =>
    element("tr", {}, element("th", { scope: "row" }, first), ...cells.map((cell) => element("td", {}, cell))),
  );
  return element(
    "table",
    attributes,
    element("caption", {}, caption),
    element("thead", {}, header),
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

/** A list, an item for each of some elements or texts. */
export function list(items, attributes = {}) {
  return element("ul", attributes, ...items.map((item) => element("li", {}, item)));
}

function filled(node, attributes, children) {
  for (const [name, value] of Object.entries(attributes)) {
    if (name.startsWith("on")) node.addEventListener(name.slice(2), value);
    else if (value === true) node.setAttribute(name, "");
    else if (value !== false && value !== null && value !== undefined) node.setAttribute(name, String(value));
  }
  node.append(...children.filter((child) => child !== null && child !== undefined && child !== ""));
  return node;
}
