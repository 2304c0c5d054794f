import { expect, test } from "vitest";

import { events } from "./sse";

/** A body that comes in these pieces. */
function body(...pieces: string[]): ReadableStream<Uint8Array> {
  const bytes = pieces.map((p) => new TextEncoder().encode(p));
  return new ReadableStream({
    pull: (c) => {
      const next = bytes.shift();
      if (next) c.enqueue(next);
      else c.close();
    },
  });
}

async function all(...pieces: string[]) {
  let heard = 0;
  const got = [];
  for await (const e of events(body(...pieces), () => heard++)) got.push(`${e.name} ${e.data}`);
  return { got, heard };
}

test("events come whole, however they were cut", async () => {
  const text = 'event: state\ndata: {"a":"ü"}\n\nevent: state\ndata: 2\n\n';
  const want = ['state {"a":"ü"}', "state 2"];
  expect((await all(text)).got).toEqual(want);
  expect((await all(...text)).got).toEqual(want);
});

test("comments are heard, and are no events", async () => {
  expect(await all(": still here\n\n", ": still here\n\n")).toEqual({ got: [], heard: 2 });
});

test("an event that was cut off is none", async () => {
  expect((await all("event: state\ndata: 1\n\nevent: state\ndata: 2")).got).toEqual(["state 1"]);
});
