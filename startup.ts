// What of Pulumi's SDK a program like this has no use for, left out. Node.js runs this before the SDK does anything (Pulumi.yaml,
// nodeargs). Traced, or with NODE_DEBUG=pulumi in the environment, the SDK is as it comes. Gains: docs/performance.md.
import { createRequire, Module } from "node:module";
import { debuglog } from "node:util";

const sdk = createRequire(import.meta.resolve("@pulumi/pulumi"));

if (process.env["TRACEPARENT"] === undefined && !debuglog("pulumi").enabled) {
    // For programs that serialise functions, as dynamic providers do, it loads npm's dependency resolver and the TypeScript compiler.
    for (const name of ["@npmcli/arborist", "typescript", "./automation/index.js"]) replace(name, onFirstUse(name));
    // It maps stack traces back through source maps. There are none: Node.js strips the types in place, and its own traces are as exact.
    replace("source-map-support/register", {});
    // It tells the engine, in a request each, what only `pulumi up --debug` shows.
    Reflect.set(load("./log/index.js"), "debug", () => Promise.resolve());
    // It notes where each promise began, in case it is told to report those that never end.
    if (process.env["PULUMI_DEBUG_PROMISE_LEAKS"] === undefined) withoutStackTraces(load("./runtime/debuggable.js"), "debuggablePromise");
}

/** Puts something else in a module's place, for all who require it from now on. */
function replace(name: string, exports: object): void {
    const module = new Module(sdk.resolve(name));
    module.exports = exports;
    module.loaded = true;
    sdk.cache[module.id] = module;
}

/** The module, loaded when something of it is first asked for. */
function onFirstUse(name: string): object {
    let loaded: object | undefined;
    const real = (): object => {
        if (loaded === undefined) Reflect.deleteProperty(sdk.cache, sdk.resolve(name));
        return (loaded ??= load(name));
    };
    // __esModule: what compiled imports look at first, to see how to import.
    return new Proxy({}, { get: (_, property): unknown => property === "__esModule" || Reflect.get(real(), property) });
}

/** Has a function of a module take no stack traces. */
function withoutStackTraces(module: object, name: string): void {
    const original: unknown = Reflect.get(module, name);
    if (typeof original !== "function") throw new Error(`Pulumi's SDK has no ${name} any more: see startup.ts`);
    Reflect.set(module, name, (...given: unknown[]): unknown => {
        const limit = Error.stackTraceLimit;
        Error.stackTraceLimit = 0;
        try {
            const returned: unknown = Reflect.apply(original, undefined, given);
            return returned;
        } finally {
            Error.stackTraceLimit = limit;
        }
    });
}

function load(name: string): object {
    const loaded: unknown = sdk(name);
    if (typeof loaded !== "object" || loaded === null) throw new Error(`Pulumi's SDK has no ${name} any more: see startup.ts`);
    return loaded;
}
