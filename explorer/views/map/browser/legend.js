// The latent map's legend: classes with dots and counts; a click hides or shows a class.

class Legend {
  constructor(map) {
    this.map = map;
    this.root = map.root;
  }

  draw() {
    const { map } = this;
    this.root.querySelector(".legend").replaceChildren(
      ...map.classes.map((style, label) => {
        const button = document.createElement("button");
        button.type = "button";
        button.title = `Hide or show ${style.name}; with Alt, show it alone`;
        const picture = document.createElement("canvas");
        picture.width = picture.height = 24;
        const { canvas } = dot(map, style.shown, SHAPES[Math.floor(label / 10) % 4], 5);
        picture.getContext("2d").drawImage(canvas, 0, 0, 24, 24);
        button.append(picture, style.name, document.createElement("small"));
        button.onclick = (event) => this.toggle(label, event.altKey);
        return button;
      }),
    );
    this.count();
  }

  count() {
    const { labels, classes, selection, hidden, what } = this.map;
    const [all, chosen] = [classes.map(() => 0), classes.map(() => 0)];
    for (let i = 0; i < labels.length; i++) {
      all[labels[i]]++;
      if (selection?.[i]) chosen[labels[i]]++;
    }
    const format = (n) => n.toLocaleString("en");
    this.root.querySelectorAll(".legend button").forEach((button, label) => {
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
    map.redraw();
  }
}
