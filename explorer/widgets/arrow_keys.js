// Counts presses of the arrow keys since it was put on the page.

const STEPS = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowDown: [0, -1], ArrowUp: [0, 1] };
// What knows arrow keys itself.
const OTHERS = "input, textarea, [contenteditable], [role=slider], [role=listbox], [role=radio], [role=application]";

// Called at each update with the same element. What it returns is called at the end alone, or late
// for a call that a newer one has overtaken.
export default function ({ parentElement, setStateValue }) {
  const keys = (parentElement.padKeys ??= new Keys());
  keys.tell = (count) => setStateValue("count", count);
  document.addEventListener("keydown", keys.listen); // once, however often it is called
  const call = (keys.call = {});
  return () => keys.call === call && document.removeEventListener("keydown", keys.listen);
}

class Keys {
  constructor() {
    this.count = { since: Date.now(), right: 0, up: 0 };
    this.listen = (event) => this.onKey(event);
  }

  onKey(event) {
    const step = STEPS[event.key];
    if (!step || event.altKey || event.ctrlKey || event.metaKey || event.shiftKey) return;
    if (event.composedPath().some((element) => element.matches?.(OTHERS))) return;
    event.preventDefault();
    const { since, right, up } = this.count;
    this.count = { since, right: right + step[0], up: up + step[1] };
    this.tell(this.count);
  }
}
