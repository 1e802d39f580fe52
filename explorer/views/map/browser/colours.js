// What the map's points are coloured by: their classes, numbers on a scale, or right and wrong.

const STEPS = 48; // colours of a scale
const ANSWERS = ["wrong", "right"];
const ANSWER_SHAPES = ["diamond", "disk"];

class Colours {
  constructor(map) {
    this.map = map;
  }

  // Those of other points, which are no longer shown, don't count.
  get layer() {
    const { map } = this;
    const layer = map.layer("colours");
    return layer?.values0.length === map.labels?.length ? layer : null;
  }

  values(pane) {
    const values = this.layer?.[`values${pane.index}`];
    return values?.length === pane.n ? values : null;
  }

  // The looks that a pane's points may have, and which of them the point i has.
  looks(pane) {
    const { map, layer } = this;
    const values = this.values(pane);
    if (!values) {
      const looks = map.classes.map((style, label) => ({ colour: style.shown, shape: shapeOf(label) }));
      return { looks, lookOf: (i) => map.labels[i] };
    }
    if (layer.kind === "answers") {
      const looks = ANSWERS.map((_, k) => ({ colour: this.answer(k), shape: ANSWER_SHAPES[k] }));
      return { looks, lookOf: (i) => values[i] };
    }
    const looks = Array.from({ length: STEPS }, (_, k) => ({ colour: blend(this.stops, k / (STEPS - 1)), shape: "disk" }));
    const span = layer.high - layer.low || 1;
    return { looks, lookOf: (i) => Math.round(within((values[i] - layer.low) / span, 0, 1) * (STEPS - 1)) };
  }

  // The colours of the scale from low to high, on this page.
  get stops() {
    return this.layer.palette[this.map.theme.dark ? 1 : 0];
  }

  answer(k) {
    return this.layer.palette[k][this.map.theme.dark ? 1 : 0];
  }

  // The value of the point i in words; "" where it is its class.
  told(pane, i) {
    const values = this.values(pane);
    if (!values) return "";
    if (this.layer.kind === "answers") return `the probe is ${ANSWERS[values[i]]}`;
    return `${this.layer.name} ${number(values[i], this.layer)}`;
  }

  // The numbers at the ends of the scale.
  get ticks() {
    const { low, high } = this.layer;
    return [`≤ ${number(low, this.layer)}`, `≥ ${number(high, this.layer)}`];
  }

  // An answer, and how many visible points of each pane have it.
  counted(k) {
    const count = (pane) => (this.values(pane) ?? []).filter((value, i) => value === k && this.map.visible(i)).length;
    return `${ANSWERS[k]} ${this.map.panes.map((pane) => count(pane).toLocaleString("en")).join(" | ")}`;
  }
}

const shapeOf = (label) => SHAPES[Math.floor(label / 10) % SHAPES.length];

// With as many digits as tell the ends of the scale apart.
function number(value, { low, high }) {
  const digits = within(1 - Math.floor(Math.log10(high - low || 1)), 0, 3);
  return value.toFixed(digits).replace("-", "−");
}

// A colour between those of hex codes, at 0 to 1 of the way.
function blend(stops, at) {
  const place = at * (stops.length - 1);
  const first = Math.min(Math.floor(place), stops.length - 2);
  const parts = (hex) => [1, 3, 5].map((start) => parseInt(hex.slice(start, start + 2), 16));
  const [one, other] = [parts(stops[first]), parts(stops[first + 1])];
  const mixed = one.map((value, k) => Math.round(value + (place - first) * (other[k] - value)));
  return `#${mixed.map((value) => value.toString(16).padStart(2, "0")).join("")}`;
}
