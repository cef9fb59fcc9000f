/** Reads BuildKit's log, in its plain format, during a build. */
import { closeSync, openSync, readSync, statSync } from "node:fs";
import { StringDecoder } from "node:string_decoder";
import { stripVTControlCharacters } from "node:util";

/** A running step of a build. */
export interface Step {
    /** BuildKit's title: `[2/5] RUN pip install -r requirements.txt`, `exporting to image`. */
    readonly title: string;
    /** The last line of its output; undefined before the first one. */
    readonly output?: string;
}

/**
 * The running steps of a build. Each line of BuildKit's plain log begins with `#` and the number of
 * its step. The first line of a step is its title; the last is `CACHED`, `DONE 1.2s`, `CANCELED` or
 * `ERROR: …`; `...` means that lines of another step follow
 * (github.com/moby/buildkit/util/progress/progressui/printer.go).
 */
export class BuildSteps {
    /** The running steps by number. */
    readonly #running = new Map<string, Step>();
    readonly #ended = new Set<string>();
    /** A last line that is not complete yet. */
    #rest = "";
    /** Whether the image was exported to the Docker engine: the build's last step. */
    isExported = false;

    /** Parses text that was added to the log. */
    read(text: string): void {
        const lines = (this.#rest + text).split("\n");
        this.#rest = lines.pop() ?? "";
        for (const line of lines) this.#readLine(line);
    }

    /** The running step that started last; undefined between two steps. */
    get current(): Step | undefined {
        return [...this.#running.values()].at(-1);
    }

    #readLine(line: string): void {
        const [, number = "0", text = ""] = /^#(\d+) (.*)$/.exec(line) ?? [];
        if (number === "0" || this.#ended.has(number)) return; // step 0 is the builder
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

/** Callbacks for the progress of a build. */
export interface BuildListener {
    /** Called once, when the log grows for the first time. */
    readonly onStart: () => void;
    /** Called with one line when a step starts, and again from time to time while it runs. */
    readonly onStep: (message: string) => void;
    /** Called once, when the image is built. */
    readonly onEnd: () => void;
}

/**
 * Follows a build's log from its current end. Reports at most one step each time it reads the log,
 * so quick and cached steps are skipped. Does not keep the process alive. Ignores a log that cannot
 * be read.
 *
 * @param file the log; it may not exist yet.
 * @param interval how often the log is read, in milliseconds.
 * @param patience the time in milliseconds after which a running step is reported again, with the
 * last line of its output.
 * @returns a function that stops it.
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
    let reported:
        { readonly title: string; readonly since: number; readonly at: number } | undefined;
    const stop = (): void => {
        clearInterval(timer);
    };
    const readLog = (): void => {
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
        } else if (current.title !== reported?.title) {
            reported = { title: current.title, since: now, at: now };
            onStep(shorten(current.title));
        } else if (now - reported.at >= patience) {
            reported = { ...reported, at: now };
            const seconds = Math.round((now - reported.since) / 1000);
            const output = current.output === undefined ? "" : `: ${shorten(current.output)}`;
            onStep(`${shorten(current.title)} (${String(seconds)} s)${output}`);
        }
    };
    const timer = setInterval(readLog, interval);
    timer.unref();
    return stop;
}

/** Shortens a text to one line of at most 48 characters, without control sequences. */
function shorten(text: string): string {
    const line = stripVTControlCharacters(text)
        .replace(/[\p{Cc}\s]+/gu, " ")
        .trim();
    return line.length <= 48 ? line : `${line.slice(0, 47)}…`;
}

/** Reads at most 1 MiB of the file from a position; nothing where it cannot be read. */
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
