import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { DockerfileParser, type Instruction, ModifiableInstruction } from "dockerfile-ast";
import { readDockerfile as readBuildDockerfile } from "./buildContext.ts";
import { IgnoreRules } from "./ignoreFile.ts";
import { UserError } from "../messages/userError.ts";

/** A Dockerfile, and how it is built. */
export interface DockerfileSource {
    /** The folder to build. */
    readonly context: string;
    /** The Dockerfile, relative to the context. */
    readonly dockerfile: string;
    /** The stage to build. Default: the last. */
    readonly target?: string | undefined;
    readonly buildArgs?: Readonly<Record<string, string>> | undefined;
}

/** What a Dockerfile says about its image. Does not include what the base image sets. */
export interface DockerfileFacts {
    /** The base image of the built stage, as in `python:3.11-slim`, or `scratch`. */
    readonly baseImage: string;
    /** The last USER; undefined where there is none. An unresolved variable stays: `$APP_UID`. */
    readonly user: string | undefined;
    /** Whether the last HEALTHCHECK has a command; undefined where there is none. */
    readonly hasHealthcheck: boolean | undefined;
    /** The TCP ports of EXPOSE instructions. */
    readonly ports: readonly number[];
    /** Whether a COPY or ADD takes the whole context. */
    readonly copiesContext: boolean;
    /** Whether the text suggests that the image has Python. */
    readonly hasPython: boolean;
}

/** A weakness of an image. */
export interface Weakness {
    /** The problem and the line that fixes it, in one line. */
    readonly message: string;
    /** Whether a strict container does not start because of it. */
    readonly isRefused: boolean;
}

/**
 * Returns what the Dockerfile says; undefined where it is not readable, which the build reports.
 */
export function readDockerfile(source: DockerfileSource): DockerfileFacts | undefined {
    const text = readDockerfileText(source);
    return text === undefined ? undefined : parseDockerfile(text, source);
}

/**
 * Returns the Dockerfile's text; undefined where it is not readable, or is not in the context but
 * reached from it by a link. The build reports that.
 */
export function readDockerfileText({ context, dockerfile }: DockerfileSource): string | undefined {
    try {
        return String(readBuildDockerfile({ folder: context, dockerfile }));
    } catch (error) {
        if (error instanceof UserError) return undefined;
        throw error;
    }
}

/**
 * Parses a Dockerfile (https://docs.docker.com/reference/dockerfile/). Follows the stage that is
 * built back to its base image.
 */
export function parseDockerfile(
    text: string,
    { target, buildArgs = {} }: Pick<DockerfileSource, "target" | "buildArgs">,
): DockerfileFacts {
    const instructions = DockerfileParser.parse(text).getInstructions();
    const first = instructions.findIndex((instruction) => instruction.getKeyword() === "FROM");
    const globals = new Map<string, string>();
    for (const argument of first < 0 ? [] : instructions.slice(0, first))
        declareArgument(argument, globals, buildArgs);

    let stage = emptyStage(globals);
    const stages = new Map<string, Stage>();
    for (const [index, instruction] of instructions.slice(Math.max(first, 0)).entries()) {
        const content = instruction.getArgumentsContent() ?? "";
        switch (instruction.getKeyword()) {
            case "FROM": {
                // The stage that is built ends where the next one begins.
                if (index > 0 && target !== undefined && stage.name === target.toLowerCase())
                    return stage.facts;
                const { image, name } = parseFrom(content, globals);
                const parent = stages.get(image.toLowerCase());
                stage = {
                    name,
                    variables: new Map(parent?.variables),
                    facts: {
                        ...(parent?.facts ?? { ...emptyStage(globals).facts, baseImage: image }),
                    },
                };
                stages.set(stage.name ?? `stage ${String(stages.size)}`, stage);
                break;
            }
            case "ARG":
                declareArgument(instruction, stage.variables, buildArgs, globals);
                break;
            case "ENV":
                for (const [name, value] of assignments(content))
                    stage.variables.set(name, expand(value, stage.variables));
                break;
            case "USER":
                stage.facts.user = expand(content.trim(), stage.variables);
                break;
            case "HEALTHCHECK":
                stage.facts.hasHealthcheck = !/^none$/i.test(content.trim());
                break;
            case "EXPOSE":
                for (const word of expand(content, stage.variables).split(/\s+/)) {
                    const port = /^(\d+)(\/tcp)?$/i.exec(word)?.[1];
                    if (port !== undefined)
                        stage.facts.ports = [...stage.facts.ports, Number(port)];
                }
                break;
            case "COPY":
            case "ADD":
                if (/(^|\s)\.\/?\s/.test(content) && namesInFlags(instruction).length === 0)
                    stage.facts.copiesContext = true;
                break;
        }
    }
    return { ...stage.facts, hasPython: /\bpython|\bpip|conda|jupyter/i.test(text) };
}

/** A build stage, and the stages and images that it uses, by name. */
interface StageSources {
    readonly name: string | undefined;
    readonly sources: string[];
}

/**
 * Finds the images in registries that a build uses and that may change: those of FROM,
 * `COPY --from` and `RUN --mount=…,from=`, in the stage that is built and the stages that it needs.
 * Excludes `scratch`, images with a digest, and named contexts.
 *
 * @param contexts the names of the build's named contexts, which take precedence over images.
 * @returns each image once, as the Dockerfile names it; a variable without a value stays: `$BASE`.
 */
export function findBaseImages(
    text: string,
    {
        target,
        buildArgs = {},
        contexts = [],
    }: Pick<DockerfileSource, "target" | "buildArgs"> & { readonly contexts?: readonly string[] },
): string[] {
    const stages = readStages(text, buildArgs);
    const isTarget = ({ name }: StageSources, index: number) =>
        target === undefined
            ? index === stages.length - 1
            : name === target.toLowerCase() || String(index) === target;
    const needed = [stages.findLastIndex(isTarget)];
    const images = new Set<string>();
    // The loop appends to the array: the earlier stages that a stage uses.
    for (const index of needed) {
        for (const [position, source] of (stages[index]?.sources ?? []).entries()) {
            const earlier = stages
                .slice(0, index)
                .findLastIndex(({ name }) => name === source.toLowerCase());
            // A number is a stage in `--from`, but an image in FROM.
            const isNumber = position > 0 && /^\d+$/.test(source);
            const stage = isNumber ? Number(source) : earlier;
            if (stage >= 0) needed.push(stage);
            else if (!contexts.includes(source)) images.add(source);
        }
    }
    return [...images].filter((image) => image !== "scratch" && !image.includes("@"));
}

function readStages(text: string, buildArgs: Readonly<Record<string, string>>): StageSources[] {
    const globals = new Map<string, string>();
    const stages: StageSources[] = [];
    for (const instruction of DockerfileParser.parse(text).getInstructions()) {
        const content = instruction.getArgumentsContent() ?? "";
        switch (instruction.getKeyword()) {
            case "ARG":
                if (stages.length === 0) declareArgument(instruction, globals, buildArgs);
                break;
            case "FROM": {
                const { image, name } = parseFrom(content, globals);
                stages.push({ name, sources: [image] });
                break;
            }
            case "COPY":
            case "RUN":
                stages.at(-1)?.sources.push(...namesInFlags(instruction));
        }
    }
    return stages;
}

/**
 * Parses `FROM [--platform=…] IMAGE [AS NAME]`: returns the image or stage, and the new stage's
 * name in lower case.
 */
function parseFrom(content: string, globals: ReadonlyMap<string, string>) {
    const [base = "", , name] = content.split(/\s+/).filter((word) => !word.startsWith("--"));
    return { image: expand(unquote(base), globals), name: name?.toLowerCase() };
}

/** Returns the stages and images in `--from=NAME` and `--mount=type=bind,from=NAME`. */
function namesInFlags(instruction: Instruction): string[] {
    if (!(instruction instanceof ModifiableInstruction)) return [];
    return instruction
        .getFlags()
        .map((flag) =>
            flag.getName() === "from" ? flag.getValue() : flag.getOption("from")?.getValue(),
        )
        .flatMap((name) => (name ? [unquote(name)] : []));
}

interface Stage {
    readonly name: string | undefined;
    readonly variables: Map<string, string>;
    readonly facts: { -readonly [Key in keyof DockerfileFacts]: DockerfileFacts[Key] };
}

function emptyStage(variables: ReadonlyMap<string, string>): Stage {
    return {
        name: undefined,
        variables: new Map(variables),
        facts: {
            baseImage: "scratch",
            user: undefined,
            hasHealthcheck: undefined,
            ports: [],
            copiesContext: false,
            hasPython: false,
        },
    };
}

/**
 * Adds the variable of an ARG instruction. Its value is the build argument's; else the default;
 * else that of an ARG before the first FROM.
 */
function declareArgument(
    instruction: Instruction,
    variables: Map<string, string>,
    buildArgs: Readonly<Record<string, string>>,
    globals: ReadonlyMap<string, string> = new Map(),
): void {
    if (instruction.getKeyword() !== "ARG") return;
    for (const word of (instruction.getArgumentsContent() ?? "").split(/\s+/)) {
        const [, name = "", value] = /^(\w+)(?:=(.*))?$/.exec(word) ?? [];
        const chosen =
            buildArgs[name] ?? (value === undefined ? globals.get(name) : unquote(value));
        if (chosen !== undefined) variables.set(name, expand(chosen, variables));
    }
}

/** Parses `A=1 B="two words"`, or the old form `A two words`. */
function assignments(content: string): [name: string, value: string][] {
    const pairs = [...content.matchAll(/(\w+)=("(?:\\.|[^"\\])*"|'[^']*'|\S*)/g)];
    const [, name, value] = /^(\w+)\s+(.*)$/s.exec(content.trim()) ?? [];
    return name !== undefined && value !== undefined && pairs[0]?.index !== 0
        ? [[name, value]]
        : pairs.map(([, name = "", value = ""]) => [name, unquote(value)]);
}

function unquote(value: string): string {
    return value.replace(/^(["'])(.*)\1$/s, "$2");
}

/** Replaces `$A`, `${A}`, `${A:-default}` and `${A:+other}` by their values; keeps unknown ones. */
function expand(text: string, variables: ReadonlyMap<string, string>): string {
    return text.replace(
        /\$(?:(\w+)|\{(\w+)(?::([-+])([^}]*))?\})/g,
        (whole: string, ...groups: (string | undefined)[]) => {
            const [short, long, operator, word = ""] = groups;
            const value = variables.get(short ?? long ?? "");
            if (operator === "-") return value === undefined || value === "" ? word : value;
            if (operator === "+") return value === undefined || value === "" ? "" : word;
            return value ?? whole;
        },
    );
}

/** Returns whether a container with this USER runs as root. */
export function isRoot(user: string): boolean {
    return /^(root|0+)?(:|$)/.test(user);
}

/** The configuration that the Dockerfile is compared with. */
export interface Demands {
    /** The port that the service listens on. */
    readonly port: number;
    /** The path of the health check. Default: none. */
    readonly healthPath?: string | undefined;
    /** The container's user, instead of the image's. Default: the image's. */
    readonly user?: string | undefined;
}

/** Finds weaknesses of the image in its Dockerfile, before the build. */
export function findWeaknesses(
    source: DockerfileSource,
    facts: DockerfileFacts,
    { port, healthPath, user }: Demands,
): Weakness[] {
    const { baseImage } = facts;
    const file = source.dockerfile;
    const orBase = baseImage === "scratch" ? "" : ` unless the base image ${baseImage} sets one`;
    const weaknesses: Weakness[] = [];
    const add = (message: string, isRefused = false): void => {
        weaknesses.push({ message: `${file}: ${message}`, isRefused });
    };
    if (user === undefined && (facts.user === undefined || isRoot(facts.user))) {
        const cause =
            facts.user === undefined
                ? `no USER, so the service runs as root${orBase}`
                : `USER ${facts.user}, so the service runs as root`;
        add(`${cause}. Add this line before the ENTRYPOINT or CMD: USER 10001`, true);
    }
    if (healthPath === undefined && facts.hasHealthcheck !== true) {
        const inherited = facts.hasHealthcheck === undefined ? orBase : "";
        add(
            `no HEALTHCHECK${inherited}, so only port ${String(port)} is checked. ` +
                `Set mlops:service.healthPath, or add this line: ${healthcheckLine(port, facts)}`,
        );
    }
    if (facts.ports.length > 0 && !facts.ports.includes(port)) {
        add(
            `EXPOSE ${facts.ports.join(" ")}, but mlops:service.port is ${String(port)}. ` +
                `Where the service does not read PORT, set mlops:service.port to ` +
                String(facts.ports[0]),
        );
    }
    const unwanted = facts.copiesContext ? findUnwanted(source) : [];
    if (unwanted.length > 0) {
        add(
            `the COPY of the whole context takes ${unwanted.join(" and ")} into the image. ` +
                `Add to .dockerignore: ${unwanted.join(" ")}`,
        );
    }
    return weaknesses;
}

function healthcheckLine(port: number, { hasPython }: DockerfileFacts): string {
    return hasPython
        ? `HEALTHCHECK CMD ["python3", "-c", "import socket; ` +
              `socket.create_connection(('127.0.0.1', ${String(port)}), 2)"]`
        : `HEALTHCHECK CMD curl --silent --output /dev/null http://127.0.0.1:${String(port)}/`;
}

/** Returns the names in the context's root that no image should have and that are not ignored. */
function findUnwanted({ context, dockerfile }: DockerfileSource): string[] {
    const ignoreFile = [`${dockerfile}.dockerignore`, ".dockerignore"]
        .map((name) => join(context, name))
        .find((path) => existsSync(path));
    const rules = new IgnoreRules(ignoreFile === undefined ? "" : readFileSync(ignoreFile, "utf8"));
    return readdirSync(context)
        .filter((name) => /^(\.env|\.venv|venv|\.ssh|\.aws|\.netrc|id_rsa)$/.test(name))
        .filter((name) => !rules.decide(name, []).ignored);
}
