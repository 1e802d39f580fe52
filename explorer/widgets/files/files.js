// Files of the chart that is drawn on the page, as it is seen: SVG, PNG three times as large, and PDF
// by the browser's own printing, which keeps lines and letters as such. What is no chart of Plotly's
// says in `window.padFigures`, by its key, how it is drawn: elements and their size, the element that
// has its looks, and what the caption says more.

const SVG = "http://www.w3.org/2000/svg";
const LINE_PX = 20;
const MARGIN_PX = 16;

export default function ({ parentElement, data }) {
  for (const button of parentElement.querySelectorAll("button"))
    button.onclick = () => SAVE[button.dataset.kind](picture(data), data.name);
}

const SAVE = {
  svg: (svg, name) => download(new Blob([text(svg)], { type: "image/svg+xml" }), `${name}.svg`),
  png: async (svg, name) => download(await painted(svg), `${name}.png`),
  pdf: (svg, name) => print(svg, name),
};

// The layers of the chart in one SVG with its title above, its caption and source below.
function picture({ chart, title, caption, source }) {
  const { element: drawn, nodes, width, height, caption: more = "" } = (window.padFigures?.[chart] ?? plotted)(chart);
  const { color, fontFamily } = getComputedStyle(drawn.parentElement);
  const words = { fill: color, "font-family": fontFamily };
  const told = `${caption} ${more}`.trim();
  const below = [told, source].flatMap((words) => wrapped(words, width - 2 * MARGIN_PX));
  const above = 2 * LINE_PX;
  const whole = above + height + (below.length + 1) * LINE_PX;
  const svg = element("svg", { xmlns: SVG, width, height: whole, viewBox: `0 0 ${width} ${whole}` });
  svg.append(
    written("title", title),
    written("desc", told),
    written("metadata", source),
    element("rect", { width: "100%", height: "100%", fill: ground(drawn) }),
    written("text", title, { ...words, x: MARGIN_PX, y: 1.4 * LINE_PX, "font-size": 18 }),
  );
  const plot = svg.appendChild(element("g", { transform: `translate(0 ${above})` }));
  plot.append(...nodes);
  below.forEach((line, place) => {
    const y = above + height + (place + 1) * LINE_PX;
    svg.append(written("text", line, { ...words, x: MARGIN_PX, y, "font-size": 14 }));
  });
  return svg;
}

// The layers of a chart of Plotly's.
function plotted(chart) {
  const drawn = document.querySelector(`.st-key-${chart.replace(/[^\w-]/g, "-")} .js-plotly-plot`);
  const layers = [...drawn.querySelectorAll(".main-svg")];
  const { width, height } = layers[0].getBoundingClientRect();
  const children = layers.flatMap((layer) => [...layer.children]);
  const nodes = children.filter((child) => !child.matches(".draglayer, .hoverlayer, .zoomlayer")).map(copy);
  return { element: drawn, nodes, width, height };
}

// Elsewhere letters of another font may be wider: each text keeps the width that it has here. Lines
// that keep their width at any scale would be thin in a large picture.
function copy(original) {
  const made = original.cloneNode(true);
  const texts = made.querySelectorAll("text, tspan");
  original.querySelectorAll("text, tspan").forEach((text, place) => {
    if (text.childElementCount || !text.textContent.trim()) return;
    texts[place].setAttribute("textLength", text.getComputedTextLength());
    texts[place].setAttribute("lengthAdjust", "spacingAndGlyphs");
  });
  for (const line of made.querySelectorAll("[style*=vector-effect]")) line.style.vectorEffect = "none";
  return made;
}

function element(name, attributes = {}) {
  const made = document.createElementNS(SVG, name);
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
  return made;
}

function written(name, words, attributes) {
  const made = element(name, attributes);
  made.textContent = words;
  return made;
}

// The first colour behind an element that is not transparent.
function ground(drawn) {
  const { backgroundColor } = getComputedStyle(drawn);
  const clear = /^(transparent|rgba\(.*, 0\))$/.test(backgroundColor);
  return clear && drawn.parentElement ? ground(drawn.parentElement) : backgroundColor;
}

function wrapped(words, width) {
  const measure = document.createElement("canvas").getContext("2d");
  measure.font = "14px sans-serif";
  const lines = [""];
  for (const word of words.split(/\s+/)) {
    const longer = `${lines.at(-1)} ${word}`.trim();
    if (measure.measureText(longer).width > width) lines.push(word);
    else lines[lines.length - 1] = longer;
  }
  return lines;
}

const text = (svg) => new XMLSerializer().serializeToString(svg);

async function painted(svg) {
  const image = new Image();
  image.src = `data:image/svg+xml;charset=utf-8,${encodeURIComponent(text(svg))}`;
  await image.decode();
  const canvas = document.createElement("canvas");
  [canvas.width, canvas.height] = [3 * image.width, 3 * image.height];
  canvas.getContext("2d").drawImage(image, 0, 0, canvas.width, canvas.height);
  return new Promise((made) => canvas.toBlob(made));
}

function print(svg, name) {
  const frame = document.createElement("iframe");
  frame.style = "position: fixed; width: 0; height: 0; border: 0";
  document.body.append(frame);
  const { contentDocument: page, contentWindow: view } = frame;
  const [width, height] = [svg.getAttribute("width"), svg.getAttribute("height")];
  page.title = name;
  page.head.append(Object.assign(page.createElement("style"), {
    textContent: `@page { size: ${width}px ${height}px; margin: 0 } body { margin: 0 }
      svg { display: block; print-color-adjust: exact }`,
  }));
  page.body.append(page.importNode(svg, true));
  view.addEventListener("afterprint", () => frame.remove());
  const before = document.title;
  document.title = name; // which browsers propose as the file's name
  view.print();
  document.title = before;
}

function download(blob, name) {
  const link = Object.assign(document.createElement("a"), {
    href: URL.createObjectURL(blob), download: name,
  });
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 60_000);
}
