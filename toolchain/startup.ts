/**
 * Skips work of Pulumi's SDK that a program like this does not need. Node.js runs this file before
 * the SDK (Pulumi.yaml, nodeargs). It saves a quarter of the CPU time of a preview of one service,
 * and 55 MiB of memory.
 *
 * It changes nothing with an unsupported version of the SDK (NODE_DEBUG=pulumi says so), with
 * NODE_DEBUG=pulumi, or with TRACEPARENT: OpenTelemetry has to load the SDK's modules first.
 */
import { createRequire, Module } from "node:module";
import { debuglog } from "node:util";

const supportedVersion = "3.256.0";
const debug = debuglog("pulumi");

// Forked processes get these arguments too, and may run in a folder that does not have this file.
process.execArgv = process.execArgv.filter(
    (argument, i, all) => argument !== "--require" && all[i - 1] !== "--require",
);

// Without the savings the program runs just as well: nothing here may stop it.
try {
    const sdk = createRequire(import.meta.resolve("@pulumi/pulumi"));
    const version: unknown = Reflect.get(load(sdk, "./package.json"), "version");
    if (version !== supportedVersion)
        debug("toolchain/startup.ts does not support @pulumi/pulumi %s", version);
    else if (process.env["TRACEPARENT"] === undefined && !debug.enabled) skip(sdk);
} catch (error) {
    debug("toolchain/startup.ts failed: %s", error);
}

function skip(sdk: NodeJS.Require): void {
    // npm's dependency resolver and the TypeScript compiler, which only programs that serialize
    // functions need, and the Automation API: 17 % of the CPU time, 45 MiB.
    for (const name of ["@npmcli/arborist", "typescript", "./automation/index.js"])
        deferLoading(sdk, name);
    // Source maps: Node.js strips the types in place, so that its traces need none. 5 %, 10 MiB.
    replaceModule(sdk, "source-map-support/register", {});
    // A request to the engine for each debug message: 4 %; with 50 services 15 %. The program's own
    // pulumi.log.debug messages are not sent either.
    Reflect.set(load(sdk, "./log/index.js"), "debug", () => Promise.resolve());
}

/** Replaces a module for whatever requires it from now on; nothing if it is not installed. */
function replaceModule(sdk: NodeJS.Require, name: string, exports: object): void {
    const file = resolve(sdk, name);
    if (file === undefined) return;
    const module = new Module(file);
    module.exports = exports;
    module.loaded = true;
    sdk.cache[file] = module;
}

/** Loads a module only when one of its exports is used. */
function deferLoading(sdk: NodeJS.Require, name: string): void {
    let loaded: object | undefined;
    const real = (): object => {
        if (loaded === undefined) {
            Reflect.deleteProperty(sdk.cache, sdk.resolve(name));
            loaded = load(sdk, name);
        }
        return loaded;
    };
    const get = (property: PropertyKey): unknown => {
        // Compiled imports read this one at once: it must not load the module.
        if (property === "__esModule") return true;
        if (property === "default" && Reflect.get(real(), "__esModule") === undefined)
            return real();
        return Reflect.get(real(), property);
    };
    // A module may be a function or a class, so the target is a function. A bound one has no
    // properties of its own that a proxy would have to report.
    const target = function (): undefined {
        return undefined;
    }.bind(undefined);
    const traps: ProxyHandler<typeof target> = {
        get: (_, property) => get(property),
        has: (_, property) => Reflect.has(real(), property),
        ownKeys: () => Reflect.ownKeys(real()),
        getOwnPropertyDescriptor: (_, property) => {
            const own = Reflect.getOwnPropertyDescriptor(real(), property);
            if (own === undefined) return undefined;
            return {
                value: get(property),
                configurable: true,
                enumerable: own.enumerable === true,
            };
        },
        apply: (_, self, given): unknown => Reflect.apply(functionIn(real()), self, given),
        construct: (_, given) => objectIn(Reflect.construct(functionIn(real()), given)),
    };
    replaceModule(sdk, name, new Proxy(target, traps));
}

/** The path of a module's file; undefined if the module is not installed. */
function resolve(sdk: NodeJS.Require, name: string): string | undefined {
    try {
        return sdk.resolve(name);
    } catch {
        return undefined;
    }
}

function load(sdk: NodeJS.Require, name: string): object {
    return objectIn(sdk(name));
}

function objectIn(value: unknown): object {
    if ((typeof value === "object" && value !== null) || typeof value === "function") return value;
    throw new TypeError("The module exports no object.");
}

function functionIn(value: unknown): (...given: unknown[]) => unknown {
    if (isFunction(value)) return value;
    throw new TypeError("The module exports no function.");
}

function isFunction(value: unknown): value is (...given: unknown[]) => unknown {
    return typeof value === "function";
}
