// The map's arithmetic, without a browser. `map.mjs` is what the browser gets, with its names
// exported; `packet` is what Python has packed: see test_scripts.py, which runs this.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import test from "node:test";

import { Colours, LatentMap, Names, Pane, ZOOMS, blend, freePlace, freePlaces, number, unpack } from "./map.mjs";

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

test("colours of a scale lie between its own", () => {
  const stops = ["#000000", "#804020", "#ffffff"];
  assert.equal(blend(stops, 0), "#000000");
  assert.equal(blend(stops, 0.25), "#402010");
  assert.equal(blend(stops, 0.5), "#804020");
  assert.equal(blend(stops, 1), "#ffffff");
});

test("numbers have as many digits as tell a scale's ends apart", () => {
  assert.equal(number(0.456, { low: 0, high: 1 }), "0.5");
  assert.equal(number(0.456, { low: 0.4, high: 0.45 }), "0.456");
  assert.equal(number(-31.4, { low: -40, high: 20 }), "−31");
  assert.equal(number(3, { low: 3, high: 3 }), "3.0");
});

// A map of four points of two classes, on a light page, with this layer of colours.
function coloured(layer) {
  const map = { labels: [0, 0, 1, 1], theme: { dark: false }, visible: () => true };
  map.classes = [{ shown: "#111111" }, { shown: "#222222" }];
  map.layer = () => layer;
  map.colours = new Colours(map);
  return map.colours;
}

test("points have their class's colour, unless there are values of just these points", () => {
  const pane = { index: 0, n: 4 };
  for (const layer of [null, { values0: [1, 2, 3], kind: "scale" }]) {
    const { looks, lookOf } = coloured(layer).looks(pane);
    assert.deepEqual([0, 1, 2, 3].map((i) => looks[lookOf(i)].colour), ["#111111", "#111111", "#222222", "#222222"]);
  }
});

test("beyond a scale's ends points have the ends' colours", () => {
  const palette = [["#000000", "#ffffff"], ["#ff0000", "#00ff00"]];
  const colours = coloured({ values0: [-5, 1, 3, 99], kind: "scale", low: 1, high: 3, name: "d", palette });
  const { looks, lookOf } = colours.looks({ index: 0, n: 4 });
  assert.deepEqual([0, 1, 2, 3].map((i) => looks[lookOf(i)].colour), ["#000000", "#000000", "#ffffff", "#ffffff"]);
  assert.equal(colours.told({ index: 0, n: 4 }, 2), "d 3.0");
  assert.deepEqual(colours.ticks, ["≤ 1.0", "≥ 3.0"]);
});

test("right and wrong differ in colour and shape, and are counted", () => {
  const palette = [["#c00000", "#d00000"], ["#0000c0", "#0000d0"]];
  const colours = coloured({ values0: [0, 1, 1, 1], kind: "answers", palette });
  const { map } = colours;
  const pane = { index: 0, n: 4 };
  const { looks, lookOf } = colours.looks(pane);
  assert.deepEqual([looks[lookOf(0)].shape, looks[lookOf(1)].shape], ["diamond", "disk"]);
  map.panes = [pane];
  assert.deepEqual([0, 1].map((k) => colours.counted(k)), ["wrong 1", "right 3"]);
  assert.equal(colours.told(pane, 0), "the probe is wrong");
});

test("a class's name stands at the mean of its points", () => {
  const pane = paneOf([[0, 0], [2, 4], [10, 10]]);
  const names = new Names(pane);
  names.measure(Uint16Array.from([1, 1, 0]), 3);
  assert.deepEqual(names.means, [[10, 10], [1, 2], null]);
});

test("names keep off one another, off all means and marks, and in the pane", () => {
  const names = Array.from({ length: 10 }, (_, k) => ({ x: 300 + 9 * (k % 4), y: 200 + 7 * (k % 3), half: 25 }));
  const marks = [[310, 190]];
  const places = freePlaces(names, marks, [{ x: 340, y: 230, half: 60 }], 640, 400);
  assert.ok(places.filter(Boolean).length >= 8, `${places.filter(Boolean).length} of 10`);
  const boxes = places.filter(Boolean).map(([x, y]) => [x - 25, y - 12, x + 25, y]);
  boxes.forEach((a, i) => {
    assert.ok(a[0] >= 0 && a[2] <= 640 && a[1] >= 0 && a[3] <= 400);
    for (const b of boxes.slice(i + 1)) assert.ok(a[2] <= b[0] || b[2] <= a[0] || a[3] <= b[1] || b[3] <= a[1]);
    assert.ok(a[2] <= 280 || a[0] >= 400 || a[3] <= 218 || a[1] >= 230, `${a} on the axis' name`);
    for (const { x, y } of names) assert.ok(x < a[0] || x > a[2] || y < a[1] || y > a[3], `${x} ${y} in ${a}`);
    for (const [x, y] of marks) assert.ok(x < a[0] || x > a[2] || y < a[1] || y > a[3]);
  });
});

test("a name without a free place is left out", () => {
  assert.deepEqual(freePlaces([{ x: 20, y: 20, half: 100 }], [], [], 60, 60), [null]);
});
