// The map's arithmetic, without a browser. `map.mjs` is what the browser gets, with its names
// exported; `packet` is what Python has packed: see test_scripts.py, which runs this.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import test from "node:test";

import { LatentMap, Pane, ZOOMS, freePlace, unpack } from "./map.mjs";

const CAMERAS = [
  { zoom: 1, x: 0, y: 0, yaw: 0, pitch: 0 },
  { zoom: 3.5, x: -120, y: 45, yaw: 0, pitch: 0 },
];

// A pane of 640 × 400 pixels with these points, each an array of coordinates.
function paneOf(points, camera = CAMERAS[0]) {
  const pane = Object.create(Pane.prototype);
  const text = { textContent: "" };
  pane.element = { querySelectorAll: () => [text, text] };
  pane.canvas = { setAttribute: () => {} };
  [pane.width, pane.height] = [640, 400];
  const dims = points[0].length;
  pane.set(Float32Array.from(points.flat()), dims, { title: "", note: "", axes: Array(dims).fill("") });
  pane.aim(camera);
  return pane;
}

const near = (found, expected, by = 1e-4) =>
  found.forEach((value, i) => assert.ok(Math.abs(value - expected[i]) < by, `${found} is not ${expected}`));

const FLAT = [[-3, 1], [0, 0], [2, 5], [4, -2]];
const SOLID = [[-3, 1, 2], [0, 0, 0], [2, 5, -1], [4, -2, 3]];

test("a packet is read as Python wrote it", () => {
  const packet = unpack(new Uint8Array(readFileSync(new URL("packet", import.meta.url))));
  assert.equal(packet.what, "codes of λ");
  assert.deepEqual([...packet.points0], [0.5, -1.5, 2.25]);
  assert.deepEqual([...packet.labels], [7, 65535]);
  assert.deepEqual([...packet.tests], [1, 0, 1]);
  assert.deepEqual([...packet.indices], [4294967295]);
});

test("a packet is read from the middle of other bytes", () => {
  const packet = readFileSync(new URL("packet", import.meta.url));
  const whole = new Uint8Array(packet.length + 5);
  whole.set(packet, 5);
  assert.deepEqual([...unpack(whole.subarray(5)).points0], [0.5, -1.5, 2.25]);
});

for (const [name, points] of [["2-D", FLAT], ["3-D", SOLID]]) {
  test(`all points are in sight at first, in ${name}`, () => {
    const pane = paneOf(points, { ...CAMERAS[0], yaw: 0.7, pitch: -0.4 });
    for (let i = 0; i < pane.n; i++) {
      assert.ok(pane.x[i] > 0 && pane.x[i] < pane.width, `x ${pane.x[i]}`);
      assert.ok(pane.y[i] > 0 && pane.y[i] < pane.height, `y ${pane.y[i]}`);
    }
  });

  test(`what is seen brings back the camera, in ${name}`, () => {
    const turned = points === SOLID ? { yaw: 0.3, pitch: -0.2 } : {};
    for (const camera of CAMERAS) {
      const pane = paneOf(points, { ...camera, ...turned });
      const again = pane.cameraFor(pane.seen({ ...camera, ...turned }));
      near(Object.values(again), Object.values({ ...camera, ...turned }), 1e-3);
    }
  });

  test(`the place of a point leads back to it, in ${name}`, () => {
    const pane = paneOf(points, { ...CAMERAS[1], yaw: 0.4, pitch: 0.2 });
    points.forEach((point, i) => near(pane.coordinatesAt(pane.x[i], pane.y[i]), point, 1e-3));
  });
}

test("zooming keeps what lies under the pointer", () => {
  const camera = { ...CAMERAS[1] };
  const pane = paneOf(FLAT, camera);
  const before = pane.coordinatesAt(500, 90);
  let told = 0;
  LatentMap.prototype.zoom.call({ camera, moved: () => told++ }, pane, 1.7, 500, 90);
  pane.aim(camera);
  near(pane.coordinatesAt(500, 90), before);
  assert.equal(told, 1);
  assert.ok(Math.abs(camera.zoom - 3.5 * 1.7) < 1e-9);
});

test("zoom ends at its limits", () => {
  const camera = { ...CAMERAS[0] };
  const pane = paneOf(FLAT, camera);
  for (const [factor, limit] of [[1e9, ZOOMS[1]], [1e-9, ZOOMS[0]]]) {
    LatentMap.prototype.zoom.call({ camera, moved: () => {} }, pane, factor);
    assert.equal(camera.zoom, limit);
  }
});

test("the closest visible point within reach is pointed at", () => {
  const pane = paneOf(FLAT);
  assert.equal(pane.closest(pane.x[2] + 3, pane.y[2] - 2, 12), 2);
  assert.equal(pane.closest(pane.x[2] + 13, pane.y[2], 12), -1);
  assert.equal(pane.closest(pane.x[2], pane.y[2], 12, (i) => i !== 2), -1);
});

test("an arrow key goes to the next point that way, and stays at the edge", () => {
  const pane = paneOf([[0, 0], [1, 0.1], [3, 0], [0, 2]]);
  const all = () => true;
  assert.equal(pane.step(0, 1, 0, all), 1);
  assert.equal(pane.step(0, 1, 0, (i) => i !== 1), 2);
  assert.equal(pane.step(0, 0, -1, all), 3);
  assert.equal(pane.step(2, 1, 0, all), -1);
});

test("the name of an axis gives way to the marks of memories", () => {
  const pane = { width: 640, height: 400, dreams: [] };
  assert.deepEqual(freePlace(pane, [300, 200], [0, -1], 12), [300, 200]);
  for (const way of [[0, -1], [1, 0], [0.6, 0.8]]) {
    pane.dreams = [[300, 196], [310, 150]];
    const [x, y] = freePlace(pane, [300, 200], way, 12);
    for (const [a, b] of pane.dreams) {
      assert.ok(Math.abs(a - x) >= 12 + 9 || b < y - 12 - 9 || b > y + 9, `${x} ${y} covers ${a} ${b}`);
    }
    near([(x - 300) * way[1] - (y - 200) * way[0]], [0]); // along the way
  }
});

test("a name stays in the pane", () => {
  const pane = { width: 640, height: 400, dreams: [[600, 200]] };
  const [x] = freePlace(pane, [605, 200], [1, 0], 30);
  assert.ok(x + 30 <= 640 && x + 30 < 600, `${x}`);
});
