// Counts presses of some keys since it was put on the page.

// What knows keys itself: all of them, or those that move within it.
const FIELDS = "input, textarea, [contenteditable]";
const MOVED = "[role=slider], [role=listbox], [role=application]";
const RADIOS = "[role=radio]";

// Called at each update with the same element. What it returns is called at the end alone, or late
// for a call that a newer one has overtaken.
export default function ({ parentElement, data, setStateValue }) {
  const keys = (parentElement.padKeys ??= new Keys());
  keys.data = data;
  keys.tell = (count) => setStateValue("count", count);
  // Rows of choices stop the arrows that they take: who wants those, hears them on their way down.
  const early = data.radios || data.turn === "first";
  const place = data.turn === "last" ? window : document;
  place.addEventListener("keydown", keys.listen, early); // once, however often it is called
  const call = (keys.call = {});
  return () => keys.call === call && place.removeEventListener("keydown", keys.listen, early);
}

class Keys {
  constructor() {
    this.count = { since: Date.now(), presses: {} };
    this.listen = (event) => this.onKey(event);
  }

  onKey(event) {
    const key = event.key.length === 1 ? event.key.toLowerCase() : event.key;
    if (!this.data.heard.includes(key)) return;
    if (event.altKey || event.ctrlKey || event.metaKey || event.shiftKey) return;
    const { radios, turn } = this.data;
    if (turn === "last" && event.defaultPrevented) return;
    const others = [FIELDS];
    if (/^(Arrow|Page)/.test(key)) others.push(MOVED, ...(radios ? [] : [RADIOS]));
    const taken = (element) => element.matches?.(others.join());
    if (turn !== "first" && event.composedPath().some(taken)) return;
    event.preventDefault();
    if (turn === "first") event.stopPropagation();
    const { since, presses } = this.count;
    this.count = { since, presses: { ...presses, [key]: (presses[key] ?? 0) + 1 } };
    this.tell(this.count);
  }
}
