/** Runs the project's operations with stand-ins of the commands that they start. */
import { readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { z } from "zod";
import { run, temporary } from "../../../sandbox/project.ts";

const root = join(import.meta.dirname, "../../..");
const failed = z.object({ code: z.int(), stdout: z.string(), stderr: z.string() });

/** The stand-ins are shell scripts in a folder that is first on PATH. */
export class Commands {
    readonly folder = temporary("commands");

    /** Writes the stand-in of a command. It writes its arguments to a file first, for `asked`. */
    install(command: string, script: string): void {
        const log = join(this.folder, `${command}.log`);
        const text = `#!/bin/sh\necho "$*" >>${log}\n${script}\n`;
        writeFileSync(join(this.folder, command), text, { mode: 0o755 });
        writeFileSync(log, "");
    }

    /** Writes a file that stand-ins read. @returns its path */
    file(name: string, content: string | object): string {
        const path = join(this.folder, name);
        writeFileSync(path, typeof content === "string" ? content : JSON.stringify(content));
        return path;
    }

    /** Returns the arguments that a command was started with, a line for each start. */
    asked(command: string): string[] {
        return readFileSync(join(this.folder, `${command}.log`), "utf8")
            .split("\n")
            .slice(0, -1);
    }

    /** Runs a program of operations/ in the project's folder. */
    async run(program: string, ...args: string[]): Promise<z.output<typeof failed>> {
        const env = { ...process.env, PATH: `${this.folder}:${process.env["PATH"] ?? ""}` };
        const command = ["operations/" + program, ...args];
        return run(process.execPath, command, { cwd: root, env }).then(
            ({ stdout, stderr }) => ({ code: 0, stdout, stderr }),
            (error: unknown) => failed.parse(error),
        );
    }

    remove(): void {
        rmSync(this.folder, { recursive: true });
    }
}
