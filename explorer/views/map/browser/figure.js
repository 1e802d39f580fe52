// The map as a figure to be saved: its panes as they are seen, and a legend below.

const ROW_PX = 22;
const GAP_PX = 12;
const EDGE_PX = 16;

class Figure {
  constructor(map) {
    this.map = map;
    this.context = new VectorContext(map.panes[0].context);
    this.top = 0;
  }

  // What the menu of files asks of a drawing: its elements and size, and what else the caption says.
  made() {
    const { map } = this;
    const nodes = [];
    let left = EDGE_PX;
    for (const pane of map.panes) {
      nodes.push(this.framed(pane, left));
      left += pane.width + GAP_PX;
    }
    const width = left - GAP_PX + EDGE_PX;
    this.top = map.panes[0].height + ROW_PX;
    this.drawLegend(width - EDGE_PX);
    nodes.push(...this.context.nodes);
    const said = ["dreams", "occluded"].map((name) => map.layer(name)?.said).filter(Boolean);
    return { element: map.root.getRootNode().host, nodes, width, height: this.top, caption: said.join(" ") };
  }

  // A pane at its place; what lies outside of it is cut.
  framed(pane, left) {
    const { width, height, index } = pane;
    const svg = document.createElementNS(SVG, "svg");
    for (const [name, value] of Object.entries({ x: left, y: 0, width, height })) svg.setAttribute(name, value);
    const context = new VectorContext(pane.context);
    pane.drawOn(context, this.map);
    const { theme } = this.map;
    const [title, note] = [...pane.element.querySelectorAll("header > *")].map((part) => part.textContent);
    Object.assign(context, { font: `600 ${theme.size} ${theme.font}`, textAlign: "left", fillStyle: theme.text });
    context.fillText(title, 10, 20);
    Object.assign(context, { font: `${theme.size} ${theme.font}`, textAlign: "right", fillStyle: theme.quiet });
    context.fillText(note, width - 10, 20);
    Object.assign(context, { strokeStyle: theme.axis, lineWidth: 1 });
    context.beginPath();
    context.rect(0.5, 0.5, width - 1, height - 1);
    context.stroke();
    svg.append(...context.nodes);
    svg.dataset.pane = index;
    return svg;
  }

  // The scale or the answers, if points are coloured by them, and else the classes.
  drawLegend(width) {
    const { map, context } = this;
    const { colours, theme } = map;
    Object.assign(context, { font: `${theme.size} ${theme.font}`, textAlign: "left", fillStyle: theme.text });
    if (!colours.layer) return this.drawEntries(this.classes(), width);
    const words = colours.layer.told;
    if (colours.layer.kind === "answers") {
      const answer = (k) => ({ colour: colours.answer(k), shape: ANSWER_SHAPES[k], text: colours.counted(k) });
      return this.drawEntries([{ text: words }, ...ANSWERS.map((_, k) => answer(k))], width);
    }
    const [low, high] = colours.ticks;
    const bar = 160;
    const before = `${words}   ${low}`;
    let x = EDGE_PX + context.measureText(before).width + 6;
    context.fillText(before, EDGE_PX, this.top + 4);
    for (let k = 0; k < STEPS; k++) {
      context.beginPath();
      context.rect(x + (k * bar) / STEPS, this.top - 6, bar / STEPS + 0.5, 11);
      context.fillStyle = blend(colours.stops, k / (STEPS - 1));
      context.fill();
    }
    context.fillStyle = theme.text;
    x += bar + 6;
    context.fillText(high, x, this.top + 4);
    this.top += ROW_PX;
  }

  classes() {
    const { classes, groups, hidden } = this.map;
    const seen = (labels) => labels.filter((label) => !hidden.has(label));
    return groups.flatMap(([group, labels]) => [
      ...(group && seen(labels).length ? [{ text: `${group}:` }] : []),
      ...seen(labels).map((label) => ({ colour: classes[label].shown, shape: shapeOf(label), text: classes[label].name })),
    ]);
  }

  // Entries side by side, and in further rows.
  drawEntries(entries, width) {
    const { map, context } = this;
    let x = EDGE_PX;
    for (const { colour, shape, text } of entries) {
      const wide = context.measureText(text).width + (shape ? 16 : 0);
      if (x > EDGE_PX && x + wide > width) [x, this.top] = [EDGE_PX, this.top + ROW_PX];
      if (shape) {
        const { canvas, size } = dot(map, colour, shape, 5);
        context.drawImage(canvas, x + 5 - size / 2, this.top - size / 2, size, size);
      }
      context.fillText(text, x + (shape ? 16 : 0), this.top + 4);
      x += wide + GAP_PX;
    }
    this.top += ROW_PX;
  }
}
