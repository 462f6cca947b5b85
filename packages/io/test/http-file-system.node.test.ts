import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { httpFileSystem, readFile } from "@org/io";
import { testReadableFileSystem } from "@org/io/testing";
import { describe, expect, it } from "vitest";

/** Serves `files` below /top, with ranges; /moved/... redirects there. */
async function serve(
  files: Readonly<Record<string, Uint8Array>>,
): Promise<{ url: string; close: () => Promise<void> }> {
  const server = createServer((request, response) => {
    const path = decodeURIComponent(new URL(request.url!, "http://host").pathname);
    if (path.startsWith("/moved/")) {
      response.writeHead(302, { location: encodeURI(path.replace("/moved/", "/top/")) }).end();
      return;
    }
    const content = files[path.replace(/^\/top\//, "")];
    if (!content) return void response.writeHead(404).end();
    const match = /^bytes=(\d+)-(\d+)$/.exec(request.headers.range ?? "");
    if (!match) return void response.end(content);
    const start = Number(match[1]);
    if (start >= content.length)
      return void response.writeHead(416, { "content-range": `bytes */${content.length}` }).end();
    const body = content.subarray(start, Number(match[2]) + 1);
    response.writeHead(206, {
      "content-range": `bytes ${start}-${start + body.length - 1}/${content.length}`,
      "content-length": body.length,
    });
    response.end(body);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    close: async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

testReadableFileSystem({
  describe,
  it,
  name: "http",
  lists: false,
  create: async (files) => {
    const { url, close } = await serve(files);
    return { fs: httpFileSystem(url), root: "top", dispose: close };
  },
});

describe("httpFileSystem over a connection", () => {
  it("follows redirects", async () => {
    const { url, close } = await serve({ a: Uint8Array.of(1, 2, 3) });
    expect(await readFile(httpFileSystem(`${url}/moved`), "a")).toEqual(Uint8Array.of(1, 2, 3));
    await close();
  });
});
