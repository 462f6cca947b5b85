// What a server may answer, by a stand-in for fetch. Over a real connection: http-file-system.node.test.ts.
import { httpFileSystem, readFile } from "@org/io";
import { describe, expect, it } from "vitest";

const content = Uint8Array.from({ length: 200_000 }, (_, i) => (i * 7 + (i >> 9)) & 255);

interface Asked {
  readonly url: string;
  readonly range: string | null;
  readonly method: string;
}

type Answer = (asked: Asked, count: number) => Response | Promise<Response>;

const ranged = ({ range }: Asked, headers: Record<string, string> = {}): Response => {
  const [, start, last] = /^bytes=(\d+)-(\d+)$/.exec(range!)!.map(Number) as [number, number, number];
  const body = content.slice(start, last + 1);
  const contentRange = `bytes ${start}-${start + body.length - 1}/${content.length}`;
  return new Response(body, { status: 206, headers: { "content-range": contentRange, ...headers } });
};

function server(answer: Answer, options: { retries?: number } = {}) {
  const asked: Asked[] = [];
  const fs = httpFileSystem("https://example.org/models/?key=1", {
    retryDelay: 1,
    headers: { authorization: "me" },
    ...options,
    fetch: async (url, init) => {
      const headers = new Headers(init?.headers);
      expect(headers.get("authorization")).toBe("me");
      const one = { url: String(url), range: headers.get("range"), method: init?.method ?? "GET" };
      asked.push(one);
      return answer(one, asked.length);
    },
  });
  return { fs, asked };
}

describe("httpFileSystem", () => {
  it("asks for the beginning once, and then for what is wanted", async () => {
    const { fs, asked } = server((one) => ranged(one));
    expect((await fs.stat("a b/m.data"))?.size).toBe(content.length);
    const source = await fs.open("a b/m.data");
    expect(await source.read(10, 20)).toEqual(content.slice(10, 20));
    expect(await source.read(65_000, 66_000)).toEqual(content.slice(65_000, 66_000));
    expect(await source.read(199_990, 200_000)).toEqual(content.slice(199_990));
    expect(asked.map(({ range }) => range)).toEqual([
      "bytes=0-65535",
      "bytes=65536-65999",
      "bytes=199990-199999",
    ]);
    expect(asked[0]!.url).toBe("https://example.org/models/a%20b/m.data?key=1");
  });

  it("takes files whole from a server that knows no ranges", async () => {
    const { fs, asked } = server(() => new Response(content));
    const source = await fs.open("m");
    expect(source.size).toBe(content.length);
    expect(await source.read(150_000, 150_010)).toEqual(content.slice(150_000, 150_010));
    expect(asked.length).toBe(1);
  });

  it("goes on where a server forgets ranges halfway", async () => {
    const { fs } = server((one, count) => (count === 1 ? ranged(one) : new Response(content)));
    const source = await fs.open("m");
    expect(await source.read(150_000, 150_010)).toEqual(content.slice(150_000, 150_010));
  });

  it("takes 416 for an empty file", async () => {
    const { fs } = server(
      () => new Response(null, { status: 416, headers: { "content-range": "bytes */0" } }),
    );
    expect(await readFile(fs, "empty")).toEqual(new Uint8Array(0));
  });

  it("asks for the size where a page may not see Content-Range", async () => {
    const { fs, asked } = server((one) =>
      one.method === "HEAD"
        ? new Response(null, { headers: { "content-length": String(content.length) } })
        : new Response(ranged(one).body, { status: 206 }),
    );
    const source = await fs.open("m");
    expect(await source.read(100_000, 100_004)).toEqual(content.slice(100_000, 100_004));
    expect(asked.map(({ method }) => method)).toEqual(["GET", "HEAD", "GET"]);
  });

  it.each([
    [404, "NOT_FOUND", "m; No such file or directory"],
    [410, "NOT_FOUND", "m; No such file or directory"],
    [401, "PERMISSION_DENIED", "m; Permission denied"],
    [403, "PERMISSION_DENIED", "m; Permission denied"],
    [400, "UNKNOWN", "m; HTTP 400"],
    [503, "UNAVAILABLE", "m; HTTP 503"],
  ])("says what %i means", async (status, code, sentence) => {
    const { fs, asked } = server(() => new Response("", { status }), { retries: 2 });
    await expect(fs.open("m")).rejects.toMatchObject({ code, sentence });
    expect(asked.length).toBe(status === 503 ? 3 : 1);
  });

  it("asks again after failures that pass: 5xx, a broken connection, a body that ends early", async () => {
    const cut = (one: Asked): Response => {
      const whole = ranged(one);
      const stream = new ReadableStream<Uint8Array>({
        start(controller) {
          controller.enqueue(content.slice(0, 5));
          controller.close();
        },
      });
      return new Response(stream, { status: 206, headers: whole.headers });
    };
    const { fs, asked } = server((one, count) => {
      if (count === 1) return new Response("", { status: 502, headers: { "retry-after": "0" } });
      if (count === 2) throw new TypeError("fetch failed");
      if (count === 4) return cut(one);
      return ranged(one);
    });
    const source = await fs.open("m");
    expect(await source.read(100_000, 100_100)).toEqual(content.slice(100_000, 100_100));
    expect(asked.length).toBe(5);
  });

  it("gives up on a connection that stays broken", async () => {
    const { fs, asked } = server(
      () => {
        throw new TypeError("fetch failed");
      },
      { retries: 1 },
    );
    await expect(fs.open("m")).rejects.toMatchObject({ code: "UNAVAILABLE" });
    expect(asked.length).toBe(2);
  });

  it("does not believe a server: other bytes than asked for, too many, another file", async () => {
    const wrongPlace = server((one, count) =>
      count === 1 ? ranged(one) : ranged({ ...one, range: "bytes=0-9" }),
    );
    await expect((await wrongPlace.fs.open("m")).read(100_000, 100_010)).rejects.toMatchObject({
      code: "DATA_LOSS",
    });
    const tooMany = server((one, count) =>
      count === 1
        ? ranged(one)
        : new Response(content.slice(0, 50), {
            status: 206,
            headers: { "content-range": `bytes 100000-100009/${content.length}` },
          }),
    );
    await expect((await tooMany.fs.open("m")).read(100_000, 100_010)).rejects.toMatchObject({
      code: "DATA_LOSS",
      sentence: "m; more than the 10 bytes that were asked for",
    });
    const changed = server((one, count) => ranged(one, { etag: count === 1 ? '"1"' : '"2"' }));
    await expect((await changed.fs.open("m")).read(100_000, 100_010)).rejects.toMatchObject({
      code: "ABORTED",
      sentence: "m changed while it was read",
    });
    const shortHead = server((one) => {
      const { headers } = ranged(one);
      return new Response(content.slice(0, 10), { status: 206, headers });
    });
    await expect(shortHead.fs.open("m")).rejects.toMatchObject({ code: "DATA_LOSS" });
  });

  it("stops when its signal says so, also while it waits to ask again", async () => {
    const controller = new AbortController();
    const { fs } = server((one, count) => {
      if (count === 1) return ranged(one);
      controller.abort(new Error("enough"));
      return new Response("", { status: 503, headers: { "retry-after": "9" } });
    });
    const source = await fs.open("m");
    await expect(source.read(100_000, 100_010, { signal: controller.signal })).rejects.toThrow("enough");
  });

  it("stays below its folder, and lists nothing", async () => {
    const { fs, asked } = server((one) => ranged(one));
    await expect(fs.open("../secret")).rejects.toMatchObject({ code: "PERMISSION_DENIED" });
    await expect(fs.list(".")).rejects.toMatchObject({ code: "UNIMPLEMENTED" });
    expect(asked).toEqual([]);
  });
});
