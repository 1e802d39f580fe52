// The dream plane: moves its point, shows prefetched dreams on the way, reports on release.

const STEP = 0.1, FINE_STEP = 0.01; // of the arrow keys; with Shift
const QUIET_MS = 200; // after the last key, before the server is told
const ROUND_MS = 40_000; // in which the point, moving by itself, comes back to where it was

// Called at each update with the same element. What it returns is called at the end alone, or late
// for a call that a newer one has overtaken.
export default function ({ parentElement, data, setTriggerValue }) {
  const root = parentElement.querySelector(".plane");
  const view = (root.view ??= new Plane(root));
  view.update(data, setTriggerValue);
  const call = (view.call = {});
  return () => view.call === call && view.close();
}

class Plane {
  constructor(root) {
    this.root = root;
    this.find = (selector) => root.querySelector(selector);
    this.pad = this.find(".pad");
    this.dragged = false;
    this.sent = null; // {point, time} that the server was told of and has not drawn yet
    this.pad.addEventListener("pointerdown", (event) => this.onGrasp(event));
    this.pad.addEventListener("pointermove", (event) => this.dragged && this.follow(event));
    this.pad.addEventListener("pointerup", (event) => this.onRelease(event));
    this.pad.addEventListener("pointercancel", (event) => this.onRelease(event));
    this.pad.addEventListener("keydown", (event) => !this.talk && this.onKey(event));
    this.onTalkKey = (event) => this.talk && this.onKey(event);
  }

  close() {
    document.removeEventListener("keydown", this.onTalkKey);
    clearTimeout(this.timer);
    this.timer = null;
    cancelAnimationFrame(this.drift);
    this.drift = null;
  }

  update(data, send) {
    this.data = data;
    this.send = send;
    this.talk = data.talk;
    document.addEventListener("keydown", this.onTalkKey); // once, however often it is called
    this.root.classList.toggle("talk", data.talk);
    this.root.classList.toggle("start", data.start);
    this.pad.style.backgroundImage = `url(${data.grid.atlas})`;
    const [a, b] = data.memories;
    this.find(".left").textContent = `replay of B: ${b.name}`;
    this.find(".right").textContent = `replay of A: ${a.name}`;
    const figures = this.root.querySelectorAll(".memory");
    for (const [figure, letter, memory] of [[figures[0], "B", b], [figures[1], "A", a]]) {
      const image = figure.querySelector("img");
      image.src = memory.picture;
      image.alt = `Recalled memory ${letter}, ${memory.name}`;
      const end = letter === "A" ? "1" : "0"; // of λ, where the dream is of this memory alone
      const name = `${letter} · ${memory.name}`;
      figure.querySelector("figcaption").textContent = data.talk ? `${name} (λ = ${end})`
        : data.start ? "recalled" : name;
    }
    for (const [i, figure] of this.root.querySelectorAll(".seen").entries()) {
      figure.hidden = !data.seen.length;
      if (figure.hidden) continue;
      const { name } = data.memories[i];
      figure.querySelector("img").src = data.seen[i];
      figure.querySelector("img").alt = `Image that was seen: ${name}`;
      figure.querySelector("figcaption").textContent = name;
    }
    this.place(this.find(".trained"), data.trained);
    // Until the server has caught up, what it draws is older than the point here.
    if (this.sent && data.heard >= this.sent.time) this.sent = null;
    this.show(this.dragged || this.sent || this.timer || this.drift ? this.point : data.here);
    const still = matchMedia("(prefers-reduced-motion: reduce)").matches;
    if (data.start && !this.touched && !this.drift && !still) this.wander();
  }

  // Moves the point by itself, around the point where it began: through both memories' replay.
  wander() {
    const began = performance.now();
    this.find(".dream figcaption").ariaLive = "off"; // else it would be read aloud without end
    const go = (now) => {
      const turn = (2 * Math.PI * (now - began)) / ROUND_MS;
      this.show([on(0.5 + 0.45 * Math.sin(2 * turn)), on(0.75 - 0.25 * Math.cos(3 * turn))]);
      this.drift = requestAnimationFrame(go);
    };
    this.drift = requestAnimationFrame(go);
  }

  touch() {
    cancelAnimationFrame(this.drift);
    this.drift = null;
    this.touched = true;
    this.find(".dream figcaption").ariaLive = "polite";
  }

  show(point) {
    this.point = point;
    this.place(this.find(".point"), point);
    const { grid, here, exact } = this.data;
    const [column, row] = this.cell(point);
    const settled = same(point, here);
    const picture = this.find(".picture");
    picture.style.backgroundImage = `url(${settled ? exact : grid.atlas})`;
    picture.style.backgroundSize = settled ? "100% 100%" : `${100 * grid.steps}% ${100 * grid.steps}%`;
    picture.style.backgroundPosition = settled ? "0 0" : `${percent(column, grid)} ${percent(row, grid)}`;
    const dream = settled ? this.data.dream : grid.dreams[row * grid.steps + column];
    const at = `λ ${point[0].toFixed(2)}, λ′ ${point[1].toFixed(2)}`;
    picture.setAttribute("aria-label", `Dream at ${at}, realness ${judged(dream)}`);
    this.pad.setAttribute("aria-label", `Dream plane, ${at}; arrow keys move the point`);
    this.root.dataset.at = `${point[0].toFixed(2)} ${point[1].toFixed(2)}`;
    this.root.dataset.settled = settled;
    this.write(dream, at);
  }

  write(dream, at) {
    const [best] = dream.scores;
    const reading = best ? ` · ${best[0]} ${Math.round(100 * best[1])} %` : "";
    this.find(".dream figcaption").textContent = this.talk ? `${at} · d ${judged(dream)}${reading}`
      : this.shares();
    const readings = this.find(".readings");
    readings.replaceChildren(
      dream.realness == null ? heading("d was not trained", "no loss of this condition teaches it")
        : heading("Looks real to the network", "d: 1 is an image, 0 a dream it has seen through"),
      bar("", dream.realness ?? 0, judged(dream)),
    );
    if (best) {
      readings.append(heading("Taken for", "probabilities that a linear probe gives the dream"));
      for (const [name, p] of dream.scores) readings.append(bar(name, p, `${Math.round(100 * p)} %`));
    }
    if (dream.distance != null) {
      readings.append(
        heading("Far from memory", "δ, to the nearest one; 1 is how far memories lie apart"),
        bar("", Math.min(1, dream.distance / 3), dream.distance.toFixed(2)),
      );
    }
  }

  // What a dream is made of, in words.
  shares() {
    const [lam, lamPrime] = this.point, [a, b] = this.data.memories;
    const share = (part, name) => `${Math.round(100 * part)} % ${name}`;
    return [share(lamPrime * (1 - lam), b.name), share(lamPrime * lam, a.name),
      share(1 - lamPrime, "noise")].join(" · ");
  }

  // The nearest prefetched dream: its column and row in the atlas, where λ′ grows upwards.
  cell([lam, lamPrime]) {
    const last = this.data.grid.steps - 1;
    return [Math.round(lam * last), last - Math.round(lamPrime * last)];
  }

  // A value lies in the middle of its dream's tile.
  place(element, [lam, lamPrime]) {
    const { steps } = this.data.grid;
    element.style.left = `${(100 * (lam * (steps - 1) + 0.5)) / steps}%`;
    element.style.top = `${(100 * ((1 - lamPrime) * (steps - 1) + 0.5)) / steps}%`;
  }

  follow(event) {
    const box = this.pad.getBoundingClientRect();
    const { steps } = this.data.grid;
    const along = (offset, size) => ((offset / size) * steps - 0.5) / (steps - 1);
    this.show([
      on(along(event.clientX - box.left, box.width)),
      on(1 - along(event.clientY - box.top, box.height)),
    ]);
  }

  onGrasp(event) {
    if (event.button !== 0) return;
    this.touch();
    this.dragged = true;
    this.pad.setPointerCapture(event.pointerId);
    this.follow(event);
  }

  onRelease(event) {
    if (!this.dragged) return;
    this.dragged = false;
    if (event.type === "pointerup") this.follow(event);
    this.tell();
  }

  onKey(event) {
    if (event.altKey || event.ctrlKey || event.metaKey) return;
    if (this.talk && event.composedPath()[0].closest?.("input, textarea, [role=slider], [role=listbox]")) return;
    const step = event.shiftKey ? FINE_STEP : STEP;
    const [lam, lamPrime] = this.point;
    const next = {
      ArrowLeft: [lam - step, lamPrime], ArrowRight: [lam + step, lamPrime],
      ArrowDown: [lam, lamPrime - step], ArrowUp: [lam, lamPrime + step],
      Home: this.data.trained,
    }[event.key];
    if (!next) return;
    event.preventDefault();
    this.touch();
    this.show(next.map(on));
    clearTimeout(this.timer);
    this.timer = setTimeout(() => this.tell(), QUIET_MS);
  }

  tell() {
    clearTimeout(this.timer);
    this.timer = null;
    if (same(this.point, this.sent?.point ?? this.data.here)) return;
    this.sent = { point: this.point, time: Date.now() };
    this.send("moved", this.sent);
  }
}

const on = (value) => Math.round(100 * Math.min(1, Math.max(0, value))) / 100;
const judged = ({ realness }) => (realness == null ? "–" : realness.toFixed(2));
const same = (one, other) => one[0] === other[0] && one[1] === other[1];
const percent = (place, grid) => `${(100 * place) / (grid.steps - 1)}%`;

function element(name, text) {
  const made = document.createElement(name);
  made.textContent = text;
  return made;
}
const heading = (text, hint) => Object.assign(element("h4", text), { title: hint });

function bar(name, level, value) {
  const row = element("div", "");
  row.className = "bar";
  const track = element("b", ""), fill = element("i", "");
  fill.style.width = `${100 * level}%`;
  track.append(fill);
  row.append(element("span", name), track, element("span", value));
  return row;
}
