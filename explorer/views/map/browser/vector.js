// Draws as a canvas's context does, into elements of an SVG: what the map draws, it can save.

const SVG = "http://www.w3.org/2000/svg";

class VectorContext {
  // measuring: a canvas's context, which knows how wide letters are.
  constructor(measuring) {
    Object.assign(this, { measuring, nodes: [], path: "", dash: [], globalAlpha: 1, lineWidth: 1 });
    Object.assign(this, { fillStyle: "#000000", strokeStyle: "#000000", font: measuring.font, textAlign: "left" });
    this.shades = new Map();
  }

  beginPath() {
    this.path = "";
  }

  moveTo(x, y) {
    this.path += `M${short(x)} ${short(y)}`;
  }

  lineTo(x, y) {
    this.path += `${this.path ? "L" : "M"}${short(x)} ${short(y)}`;
  }

  closePath() {
    this.path += "Z";
  }

  rect(x, y, width, height) {
    this.path += `M${short(x)} ${short(y)}h${short(width)}v${short(height)}h${short(-width)}Z`;
  }

  // A whole circle: the map draws no other arcs.
  arc(x, y, radius) {
    const r = short(radius);
    this.path += `M${short(x - radius)} ${short(y)}a${r} ${r} 0 1 0 ${short(2 * radius)} 0a${r} ${r} 0 1 0 ${short(-2 * radius)} 0Z`;
  }

  setLineDash(dash) {
    this.dash = dash;
  }

  fill() {
    this.add("path", { d: this.path, ...this.shade("fill", this.fillStyle) });
  }

  stroke() {
    if (this.path) this.add("path", { d: this.path, fill: "none", ...this.line() });
  }

  // A point's picture: its shape, where the picture would be.
  drawImage({ look }, left, top, width, height) {
    const { shape, radius, colour, ground } = look;
    this.beginPath();
    outline(this, shape, radius, left + width / 2, top + height / 2);
    const edge = radius > 2 ? { ...this.shade("stroke", ground), "stroke-width": 0.75 } : {};
    this.add("path", { d: this.path, ...this.shade("fill", colour), ...edge });
  }

  measureText(text) {
    this.measuring.font = this.font;
    return this.measuring.measureText(text);
  }

  fillText(text, x, y) {
    this.write(text, x, y, this.shade("fill", this.fillStyle));
  }

  strokeText(text, x, y) {
    this.write(text, x, y, { fill: "none", ...this.line() });
  }

  write(text, x, y, look) {
    const [, weight = "400", size, family] = this.font.match(/^(?:(\d+) )?(\S+) (.*)$/);
    const anchor = { left: "start", center: "middle", right: "end" }[this.textAlign];
    const letters = { "font-family": family, "font-size": size, "font-weight": weight, "text-anchor": anchor };
    this.add("text", { x: short(x), y: short(y), ...letters, ...look }).textContent = text;
  }

  line() {
    const dash = this.dash.length ? { "stroke-dasharray": this.dash.join(" ") } : {};
    return { ...this.shade("stroke", this.strokeStyle), "stroke-width": this.lineWidth, "stroke-linejoin": "round", ...dash };
  }

  add(name, attributes) {
    const made = document.createElementNS(SVG, name);
    for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
    this.nodes.push(made);
    return made;
  }

  // A colour of the page as any program reads it: without color-mix, its opacity apart.
  shade(what, colour) {
    if (!this.shades.has(colour)) {
      const context = Object.assign(document.createElement("canvas"), { width: 1, height: 1 }).getContext("2d");
      context.fillStyle = colour;
      context.fillRect(0, 0, 1, 1);
      const [r, g, b, a] = context.getImageData(0, 0, 1, 1).data;
      this.shades.set(colour, [`rgb(${r},${g},${b})`, a / 255]);
    }
    const [plain, opacity] = this.shades.get(colour);
    const seen = opacity * this.globalAlpha;
    return { [what]: plain, ...(seen < 1 ? { [`${what}-opacity`]: short(seen) } : {}) };
  }
}

const short = (value) => Math.round(value * 100) / 100;
