// The latent map's legend: classes with dots and counts; a click hides or shows a class. Where the
// points are coloured by something else, also its scale or its two answers.

class Legend {
  constructor(map) {
    this.map = map;
    this.root = map.root;
  }

  draw() {
    const { map } = this;
    const entries = map.groups.flatMap(([group, labels]) => {
      return [...(group ? [spanOf(group)] : []), ...labels.map((label) => this.chip(label))];
    });
    this.root.querySelector(".legend").replaceChildren(...entries);
    this.count();
    this.drawScale();
  }

  chip(label) {
    const { map } = this;
    const style = map.classes[label];
    const button = document.createElement("button");
    button.type = "button";
    button.dataset.label = label;
    button.title = `Hide or show ${style.name}; with Alt, show it alone`;
    const picture = this.picture(map.colours.layer ? map.theme.grey : style.shown, shapeOf(label));
    button.append(picture, style.name, document.createElement("small"));
    button.onclick = (event) => this.toggle(label, event.altKey);
    return button;
  }

  // A point as the map draws it.
  picture(colour, shape) {
    const picture = document.createElement("canvas");
    picture.width = picture.height = 24;
    picture.getContext("2d").drawImage(dot(this.map, colour, shape, 5).canvas, 0, 0, 24, 24);
    return picture;
  }

  // A bar from low to high with its numbers, or the two answers; or why there is neither yet.
  drawScale() {
    const { map } = this;
    const { colours } = map;
    const scale = this.root.querySelector(".scale");
    const told = map.board.layers.get("colours")?.told ?? "";
    scale.replaceChildren(...(told ? [spanOf(told)] : []));
    if (!colours.layer) return;
    if (colours.layer.kind === "answers") {
      ANSWERS.forEach((_, k) => scale.append(this.picture(colours.answer(k), ANSWER_SHAPES[k]), spanOf(colours.counted(k))));
      return;
    }
    const [low, high] = colours.ticks;
    const bar = document.createElement("i");
    bar.style.background = `linear-gradient(to right, ${colours.stops.join(", ")})`;
    scale.append(spanOf(low), bar, spanOf(high));
  }

  count() {
    const { labels, classes, selection, hidden, what } = this.map;
    const [all, chosen] = [classes.map(() => 0), classes.map(() => 0)];
    for (let i = 0; i < labels.length; i++) {
      all[labels[i]]++;
      if (selection?.[i]) chosen[labels[i]]++;
    }
    const format = (n) => n.toLocaleString("en");
    this.root.querySelectorAll(".legend button").forEach((button) => {
      const label = Number(button.dataset.label);
      button.setAttribute("aria-pressed", String(!hidden.has(label)));
      button.lastChild.textContent = selection ? `${format(chosen[label])} of ${format(all[label])}` : format(all[label]);
    });
    const n = labels.length;
    const seen = all.reduce((sum, count, label) => sum + (hidden.has(label) ? 0 : count), 0);
    const selected = selection ? `${format(chosen.reduce((a, b) => a + b, 0))} selected · ` : "";
    const shown = seen === n ? `all ${format(n)}` : `${format(seen)} of ${format(n)}`;
    this.root.querySelector(".count").textContent = `${selected}${shown} ${what} shown`;
    this.root.classList.toggle("selecting", Boolean(selection));
  }

  toggle(label, alone) {
    const { map } = this;
    const others = map.classes.map((_, k) => k).filter((k) => k !== label);
    if (alone) map.hidden = new Set(others.every((k) => map.hidden.has(k)) ? [] : others);
    else if (!map.hidden.delete(label)) map.hidden.add(label);
    map.tell("hidden", { labels: [...map.hidden] });
    this.count();
    this.drawScale();
    map.redraw();
  }
}

const spanOf = (text) => Object.assign(document.createElement("span"), { textContent: text });
