// A layer of the latent map, which is updated without redrawing the map's points.
// Layers wait here until a map asks for them, and tell it of each change.

export default function ({ data, parentElement }) {
  const board = (window.padMapBoard ??= { layers: new Map(), changes: new EventTarget() });
  const layer = unpack(data);
  const name = layer.layer;
  const shown = board.layers.get(name);
  if (shown?.version !== layer.version) {
    board.layers.set(name, layer);
    board.changes.dispatchEvent(new CustomEvent("layer", { detail: name }));
  }
  // Of several quick calls, only the last may remove the layer when the page is left.
  const call = {};
  parentElement.padCall = call;
  return () => {
    if (parentElement.padCall === call) board.layers.delete(name);
  };
}
