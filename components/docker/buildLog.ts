/** Reads the log that BuildKit writes while it builds, in its plain format. */
import { closeSync, openSync, readSync, statSync } from "node:fs";
import { StringDecoder } from "node:string_decoder";
import { stripVTControlCharacters } from "node:util";

/** A step of a build that is under way. */
export interface Step {
    /** As BuildKit names it: `[2/5] RUN pip install -r requirements.txt`, `exporting to image`. */
    readonly title: string;
    /** The newest line of its output; undefined before the first one. */
    readonly output?: string;
}

/**
 * What a build is doing. Every line of BuildKit's plain log begins with `#` and the number of its
 * step. The first line of a step is its title; its last one is `CACHED`, `DONE 1.2s`, `CANCELED` or
 * `ERROR: …`; `...` announces lines of another step
 * (github.com/moby/buildkit/util/progress/progressui/printer.go).
 */
export class BuildSteps {
    /** The steps that have begun and not ended, by number. */
    readonly #running = new Map<string, Step>();
    readonly #ended = new Set<string>();
    /** The beginning of a line whose end has not been written yet. */
    #rest = "";
    /** Whether the image was handed to the Docker engine: the build's last step. */
    isExported = false;

    /** Takes in what was added to the log. */
    read(text: string): void {
        const lines = (this.#rest + text).split("\n");
        this.#rest = lines.pop() ?? "";
        for (const line of lines) this.#readLine(line);
    }

    /** The step that began last of those that have not ended; undefined between two steps. */
    get current(): Step | undefined {
        return [...this.#running.values()].at(-1);
    }

    #readLine(line: string): void {
        const [, number = "0", text = ""] = /^#(\d+) (.*)$/.exec(line) ?? [];
        if (number === "0" || this.#ended.has(number)) return; // 0 names the builder
        const step = this.#running.get(number);
        if (step === undefined) {
            this.#running.set(number, { title: text });
        } else if (/^(CACHED|CANCELED|DONE \S+|ERROR: .*)$/.test(text)) {
            this.#running.delete(number);
            this.#ended.add(number);
            if (step.title.startsWith("exporting to") && text.startsWith("DONE"))
                this.isExported = true;
        } else if (text !== "..." && text !== step.title) {
            const output = text.replace(/^\d+\.\d+ /, "").trim(); // without the step's clock
            if (output !== "") this.#running.set(number, { ...step, output });
        }
    }
}

/** What is told of a build. */
export interface BuildListener {
    /** Called once, when the log grows for the first time. */
    readonly onStart: () => void;
    /** Called with each step under way, in one line, and again from time to time while it lasts. */
    readonly onStep: (message: string) => void;
    /** Called once, when the image is built. */
    readonly onEnd: () => void;
}

/**
 * Follows a build's log from its present end on. Quick and cached steps go by untold: at most one
 * step is told per look. It keeps no process alive. A log that cannot be read tells nothing.
 *
 * @param file the log; it may not exist yet.
 * @param interval milliseconds between two looks at the log.
 * @param patience milliseconds after which a step that still runs is told again, with its newest
 * line of output.
 * @returns a function that ends it.
 */
export function followBuildLog(
    file: string,
    { onStart, onStep, onEnd }: BuildListener,
    { interval = 1000, patience = 30_000 } = {},
): () => void {
    const steps = new BuildSteps();
    const decoder = new StringDecoder("utf8");
    const begin = statSync(file, { throwIfNoEntry: false })?.size ?? 0;
    let position = begin;
    let told: { readonly title: string; readonly since: number; readonly at: number } | undefined;
    const stop = (): void => {
        clearInterval(timer);
    };
    const look = (): void => {
        const added = readFrom(file, position);
        if (added.length > 0 && position === begin) onStart();
        position += added.length;
        steps.read(decoder.write(added));
        const { current, isExported } = steps;
        const now = Date.now();
        if (current === undefined) {
            if (!isExported) return;
            stop();
            onEnd();
        } else if (current.title !== told?.title) {
            told = { title: current.title, since: now, at: now };
            onStep(shorten(current.title));
        } else if (now - told.at >= patience) {
            told = { ...told, at: now };
            const seconds = Math.round((now - told.since) / 1000);
            const output = current.output === undefined ? "" : `: ${shorten(current.output)}`;
            onStep(`${shorten(current.title)} (${String(seconds)} s)${output}`);
        }
    };
    const timer = setInterval(look, interval);
    timer.unref();
    return stop;
}

/** One line of at most 48 characters, without what would move a terminal's cursor. */
function shorten(text: string): string {
    const line = stripVTControlCharacters(text)
        .replace(/[\p{Cc}\s]+/gu, " ")
        .trim();
    return line.length <= 48 ? line : `${line.slice(0, 47)}…`;
}

/** What the file has from a position on, at most a mebibyte; nothing where it cannot be read. */
function readFrom(file: string, position: number): Buffer {
    try {
        const descriptor = openSync(file, "r");
        try {
            const buffer = Buffer.alloc(1 << 20);
            return buffer.subarray(0, readSync(descriptor, buffer, 0, buffer.length, position));
        } finally {
            closeSync(descriptor);
        }
    } catch {
        return Buffer.alloc(0);
    }
}
