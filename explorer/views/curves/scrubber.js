const REST_MS = 400, STEP_MS = 900;

export default function ({ parentElement, data, setStateValue }) {
  const root = parentElement.querySelector(".pad-scrubber");
  const [slider, button, note] = ["input", "button", "output"].map((tag) => root.querySelector(tag));
  const stages = root.querySelector(".pad-stages");
  // State that survives a redraw is stored on the element.
  const own = (root.own ??= { place: data.place, told: data.place, given: data.place });

  const wanted = JSON.stringify([data.labels, data.panels]);
  if (own.drawn !== wanted) {
    // While a network trains, show each new last panel.
    const followed = own.drawn && own.place === stages.childElementCount - 1;
    own.drawn = wanted;
    stages.innerHTML = data.panels.map((html) => `<div hidden>${html}</div>`).join("");
    root.querySelector(".pad-ticks").innerHTML = "";
    root.querySelector(".pad-ticks").append(...data.labels.map((label) => {
      const tick = document.createElement("span");
      tick.textContent = label;
      return tick;
    }));
    slider.max = data.panels.length - 1;
    slider.ariaLabel = data.name;
    if (followed) own.place = data.panels.length - 1;
  }
  if (own.given !== data.place) own.place = own.told = own.given = data.place;
  own.place = Math.min(own.place, data.panels.length - 1);

  const show = (place) => {
    own.place = place;
    slider.value = place;
    slider.ariaValueText = `${data.name} ${data.labels[place]}`;
    note.textContent = data.notes[place];
    [...stages.children].forEach((stage, i) => (stage.hidden = i !== place));
  };
  const tell = () => {
    clearTimeout(own.rest);
    own.rest = setTimeout(() => {
      if (own.told !== own.place) {
        own.told = own.given = own.place;
        setStateValue("place", own.place);
      }
    }, REST_MS);
  };
  const pause = () => {
    clearInterval(own.playing);
    own.playing = undefined;
    button.textContent = "▶";
    button.ariaLabel = button.title = "Play";
  };
  slider.oninput = () => { pause(); show(Number(slider.value)); tell(); };
  button.onclick = () => {
    if (own.playing) return pause();
    button.textContent = "❚❚";
    button.ariaLabel = button.title = "Pause";
    const last = data.panels.length - 1;
    if (own.place === last) show(0);
    own.playing = setInterval(() => {
      if (own.place < last) show(own.place + 1);
      if (own.place >= last) { pause(); tell(); }
    }, STEP_MS);
  };
  button.disabled = data.panels.length < 2;
  slider.disabled = data.panels.length < 2;
  show(own.place);
  // Called only at the end, or late for a call that a newer one has replaced.
  const call = (own.call = {});
  return () => {
    if (own.call !== call) return;
    clearInterval(own.playing);
    clearTimeout(own.rest);
  };
}
