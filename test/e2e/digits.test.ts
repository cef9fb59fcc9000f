import { deepEqual, equal, match, ok, rejects } from "node:assert/strict";
import { once } from "node:events";
import { type IncomingMessage, request, type RequestOptions } from "node:http";
import { connect } from "node:net";
import { join } from "node:path";
import {
    type Container,
    type Issuer,
    memory,
    python,
    startContainer,
    startIssuer,
    type Upload,
    uploadOf,
} from "../../sandbox/digits.ts";
import { run } from "../../sandbox/project.ts";
import { until } from "../until.ts";

const image = `e2e-digits-${String(process.pid)}`;
const service = join(import.meta.dirname, "../../service");

/** The program that draws a picture of 12.25 megapixels in a format of Pillow. */
const draw = (format: string): string => `import sys
from PIL import Image, ImageDraw
picture = Image.new("RGBA", (3500, 3500), (255, 255, 255, 200))
ImageDraw.Draw(picture).line((1750, 500, 1750, 3000), fill="black", width=300)
picture.save(sys.stdout.buffer, "${format}", lossless=True)`;

/** Returns a picture with as many bytes behind it as make an upload of 4.9 MB. */
const padded = (picture: Buffer): Buffer =>
    Buffer.concat([picture, Buffer.alloc(4_900_000 - picture.length, 0xff)]);

interface Answer {
    /** Of HTTP, or the error of a connection that ended without an answer. */
    readonly status: number | string;
    readonly retryAfter?: string | undefined;
}

/** Returns the answer to a request, which has a connection of its own. */
async function answer(url: string, options: RequestOptions, body?: Buffer): Promise<Answer> {
    const sent = request(url, { ...options, agent: false });
    sent.end(body);
    try {
        const [response] = (await once(sent, "response")) as [IncomingMessage];
        response.resume();
        return { status: response.statusCode ?? 0, retryAfter: response.headers["retry-after"] };
    } catch (error) {
        return { status: String(error) };
    }
}

/** Sends an upload. */
function send({ url }: Container, { headers, body }: Upload): Promise<Answer> {
    const length = { "content-length": String(body.length) };
    return answer(`${url}/upload`, { method: "POST", headers: { ...headers, ...length } }, body);
}

/** Does something, and asks for the service's health all the while, as a cluster's probe does. */
async function healthy<T>({ url }: Container, doing: Promise<T>): Promise<T> {
    const ended = new AbortController();
    const watched = doing.finally(() => {
        ended.abort();
    });
    while (!ended.signal.aborted) equal((await answer(`${url}/health`, {})).status, 200);
    return watched;
}

/** The container is not to be killed by the kernel for want of memory. */
describe("the example service with 512 MiB and 1 CPU", () => {
    let issuer: Issuer;
    let container: Container;
    /** Of a PNG, and of a WebP, which takes the most memory to decode; then both damaged. */
    let uploads: readonly Upload[];
    before(async () => {
        const base = "--build-arg=MLOPS_BASE_IMAGE";
        await run("docker", ["build", "--quiet", base, "--tag", image, service]);
        issuer = await startIssuer();
        container = await startContainer(image, issuer.settings);
        const pictures = [await python(image, draw("PNG")), await python(image, draw("WEBP"))];
        const damaged = pictures.map((picture) => picture.subarray(0, picture.length / 4));
        uploads = [...pictures, ...damaged].map((picture) => {
            return uploadOf(padded(picture), issuer.token);
        });
    });
    after(async () => {
        issuer.server.close();
        await run("docker", ["rm", "--force", container.id]);
        await run("docker", ["rmi", image]);
    });

    const state = async (): Promise<string> =>
        (await run("docker", ["inspect", "--format", "{{json .State}}", container.id])).stdout;
    /** Sends 200 uploads at once, and asks for the service's health until all are answered. */
    const sendAll = (all: readonly Upload[]): Promise<readonly Answer[]> => {
        const sent = Array.from({ length: 200 / all.length }, () => all).flat();
        return healthy(container, Promise.all(sent.map((upload) => send(container, upload))));
    };
    const stillThere = async (): Promise<void> => {
        match(await state(), /"Running":true.*"OOMKilled":false/);
        const most = await memory(container, "VmHWM");
        ok(most < 480, `${String(most)} MiB`);
    };

    it("is in a container whose limit is real: the kernel kills what takes more", async () => {
        const command = ["run", "--rm", "--memory=512m", "--memory-swap=512m"];
        const takeMore = ["--entrypoint=python3", image, "-c", "bytearray(600 * 1024**2)"];
        const killed = run("docker", [...command, ...takeMore]);
        await rejects(killed, { code: 137 });
    });

    it("answers 200 uploads of 4.9 MB at once, some of them with 503 and Retry-After", async () => {
        for (let round = 0; round < 3; round++) {
            const answers = await sendAll(uploads);
            const accepted = answers.filter(({ status }) => status === 200 || status === 422);
            const refused = answers.filter(({ status }) => status === 503);
            equal(accepted.length + refused.length, 200, JSON.stringify(answers));
            ok(accepted.length >= 12, `accepted ${String(accepted.length)}`);
            deepEqual([...new Set(refused.map(({ retryAfter }) => retryAfter))], ["5"]);
            await stillThere();
        }
        const statuses = [];
        for (const upload of uploads) statuses.push((await send(container, upload)).status);
        deepEqual(statuses, [200, 200, 422, 422]);
    });

    it("serves a caller while 200 strangers send 4.9 MB each", async () => {
        const [upload] = uploads;
        ok(upload !== undefined);
        const strangers = sendAll([
            { ...upload, headers: { ...upload.headers, authorization: "" } },
        ]);
        equal((await send(container, upload)).status, 200);
        deepEqual([...new Set((await strangers).map(({ status }) => status))], [401]);
        await stillThere();
    });

    it("ends 2,000 half-sent requests, and serves others all the while", async () => {
        let open = 0;
        const { hostname, port } = new URL(container.url);
        for (let index = 0; index < 2_000; index++) {
            open++;
            const socket = connect(Number(port), hostname);
            socket.on("error", () => undefined).on("close", () => open--);
            socket.write("POST /upload HTTP/1.1\r\nHost: digits\r\n");
            if (index % 100 === 0) await once(socket, "connect");
        }
        await healthy(
            container,
            until(() => open === 0, "all are ended", 30),
        );
        await stillThere();
    });

    it("ends an upload that stalls after 30 seconds", async () => {
        const headers = { ...uploads[0]?.headers, "content-length": "1000" };
        const options = { method: "POST", agent: false, headers };
        const sent = request(`${container.url}/upload`, options);
        sent.write("--x\r\n");
        const begun = performance.now();
        const [response] = (await once(sent, "response")) as [IncomingMessage];
        equal(response.statusCode, 408);
        const seconds = (performance.now() - begun) / 1000;
        ok(seconds > 29 && seconds < 40, `${String(seconds)} s`);
        sent.destroy();
    });
});
