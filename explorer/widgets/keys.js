// Counts presses of some keys since it was put on the page.

// What knows keys itself: all of them, or those that move within it.
const FIELDS = "input, textarea, [contenteditable]";
const MOVED = "[role=slider], [role=listbox], [role=application]";
const RADIOS = "[role=radio]";
const SOON_MS = 150; // in which the browser learns that a page is on its way
const LONGEST_MS = 1000; // that a press waits for that page

// Called at each update. What it returns is called at the end alone, or late for a call that a
// newer one has overtaken. Presses that wait outlive the page: the window keeps them.
export default function ({ data, setStateValue }) {
  const all = (window.padKeys ??= {});
  const keys = (all[data.name] ??= new Keys());
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
    this.told = -Infinity;
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
    this.tellWhenPossible();
  }

  // Of keys that turn pages, a second press waits until the first one's page is there: of two
  // changes of page in quick succession, Streamlit's address can miss the second.
  tellWhenPossible() {
    const waited = performance.now() - this.told;
    const { running } = this.data;
    const underway = running && waited < LONGEST_MS && document.querySelector(running);
    clearTimeout(this.later);
    if (running && (waited < SOON_MS || underway)) {
      this.later = setTimeout(() => this.tellWhenPossible(), 30);
      return;
    }
    this.told = performance.now();
    this.tell(this.count);
  }
}
