// A drawing of ours as SVG, made anew element by element: nothing in it but lines, shapes and words.
const SVG = "http://www.w3.org/2000/svg";
const ELEMENTS = new Set(["svg", "style", "rect", "line", "polygon", "text", "tspan", "g", "title"]);
const ATTRIBUTES = new Set(["class", "viewBox", "width", "height", "role", "aria-label", "x", "y", "x1", "x2", "y1", "y2", "rx", "dx", "points", "text-anchor"]);

/** The drawing as an element; throws when it is none. */
export function drawing(text) {
  const parsed = new DOMParser().parseFromString(text, "image/svg+xml").documentElement;
  if (parsed.namespaceURI !== SVG || parsed.localName !== "svg") throw new Error("no drawing came");
  return copied(parsed);
}

function copied(element) {
  const copy = document.createElementNS(SVG, element.localName);
  for (const { name, value } of element.attributes) if (ATTRIBUTES.has(name)) copy.setAttribute(name, value);
  for (const child of element.childNodes) {
    if (child.nodeType === Node.TEXT_NODE) copy.append(child.data);
    else if (child.namespaceURI === SVG && ELEMENTS.has(child.localName)) copy.append(copied(child));
  }
  return copy;
}
