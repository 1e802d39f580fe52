// The names of classes at the means of their latents.

const MEAN_PX = 4; // half of the cross at a mean
const APART_PX = 3; // between names
const RINGS_PX = [13, 22, 32, 44, 58]; // from a mean to where its name may stand
const WAYS = Array.from({ length: 12 }, (_, k) => [Math.cos((k * Math.PI) / 6), Math.sin((k * Math.PI) / 6)]);

class Names {
  constructor(pane) {
    this.pane = pane;
    this.context = pane.context;
  }

  // The mean of each class's points, `dims` numbers each; of a class without points none.
  measure(labels, n) {
    const { points, dims } = this.pane;
    const sums = Array.from({ length: n }, () => ({ count: 0, sum: Array(dims).fill(0) }));
    labels.forEach((label, i) => {
      sums[label].count++;
      for (let axis = 0; axis < dims; axis++) sums[label].sum[axis] += points[i * dims + axis];
    });
    this.means = sums.map(({ count, sum }) => (count ? sum.map((value) => value / count) : null));
  }

  // What is drawn, on the screen: the label, the place of its mean, and that of its name.
  placed({ hidden, classes, theme }, axes) {
    const { pane, context } = this;
    context.font = `600 ${theme.size} ${theme.font}`;
    const shown = this.means
      .map((mean, label) => ({ mean, label }))
      .filter(({ mean, label }) => mean && !hidden.has(label))
      .map(({ mean, label }) => {
        const [x, y] = pane.place(mean, 0);
        return { label, x, y, half: context.measureText(classes[label].name).width / 2 };
      });
    const places = freePlaces(shown, pane.dreams ?? [], axes, pane.width, pane.height);
    return shown.map((one, k) => ({ ...one, at: places[k] })).filter(({ at }) => at);
  }

  // axes: where their names stand.
  draw(map, axes) {
    const { context } = this;
    const { theme, classes } = map;
    const placed = this.placed(map, axes);
    context.lineJoin = "round";
    for (const { label, x, y, at } of placed) {
      if (Math.hypot(at[0] - x, at[1] - 4 - y) > RINGS_PX[0] + 1) this.line([[x, y], [at[0], at[1] - 4]], theme.quiet, 1);
      const colour = map.colours.layer ? theme.text : classes[label].shown;
      for (const [shade, width] of [[theme.background, 5], [colour, 2.5]]) {
        this.line([[x - MEAN_PX, y], [x + MEAN_PX, y]], shade, width);
        this.line([[x, y - MEAN_PX], [x, y + MEAN_PX]], shade, width);
      }
    }
    context.font = `600 ${theme.size} ${theme.font}`;
    context.textAlign = "center";
    context.lineWidth = 4;
    context.strokeStyle = theme.background;
    context.fillStyle = theme.text;
    for (const { label, at } of placed) {
      context.strokeText(classes[label].name, ...at);
      context.fillText(classes[label].name, ...at);
    }
    context.lineWidth = 1;
  }

  line([[x0, y0], [x1, y1]], colour, width) {
    const { context } = this;
    context.strokeStyle = colour;
    context.lineWidth = width;
    context.beginPath();
    context.moveTo(x0, y0);
    context.lineTo(x1, y1);
    context.stroke();
  }
}

// Where names stand, centred at a base line: each as near to its place as it can be without covering
// another name, a mean, one of these marks or an axis' name; null for a name that finds no place in the pane.
function freePlaces(names, marks, axes, width, height) {
  const taken = names.map(({ x, y }) => box(x, y + MEAN_PX, MEAN_PX, 2 * MEAN_PX));
  for (const [x, y] of marks) taken.push(box(x, y + 9, 9, 18));
  for (const { x, y, half } of axes) taken.push(box(x, y + 2, half, TEXT_PX));
  const inside = ([left, top, right, bottom]) => left >= 2 && right <= width - 2 && top >= 2 && bottom <= height - 2;
  return names.map(({ x, y, half }) => {
    for (const ring of RINGS_PX) {
      // Above and below first: names are wide.
      for (const [dx, dy] of [[0, -1], [0, 1], ...WAYS]) {
        const at = [x + dx * (ring + half * Math.abs(dx)), y + 4 + dy * ring];
        const own = box(at[0], at[1] + APART_PX - 1, half + APART_PX, TEXT_PX + APART_PX);
        if (!inside(own) || taken.some((other) => overlap(own, other))) continue;
        taken.push(own);
        return at;
      }
    }
    return null;
  });
}

// Left, top, right and bottom of a box that stands on a base line.
const box = (x, base, half, tall) => [x - half, base - tall, x + half, base];
const overlap = (a, b) => a[0] < b[2] && b[0] < a[2] && a[1] < b[3] && b[1] < a[3];
