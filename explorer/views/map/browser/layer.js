// A layer of the latent map: what is posted to it without drawing the map's points anew.
// Layers wait here until a map asks for them; a map hears of each change.

export default function ({ data, parentElement }) {
  const board = (window.padMapBoard ??= { layers: new Map(), changes: new EventTarget() });
  const layer = unpack(data);
  const name = layer.layer;
  const shown = board.layers.get(name);
  if (shown?.version !== layer.version) {
    board.layers.set(name, layer);
    board.changes.dispatchEvent(new CustomEvent("layer", { detail: name }));
  }
  // Only the last of several quick calls may take the layer away when the page is left.
  const call = {};
  parentElement.padCall = call;
  return () => {
    if (parentElement.padCall === call) board.layers.delete(name);
  };
}
