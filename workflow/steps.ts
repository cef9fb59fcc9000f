import { readFileSync } from "node:fs";
import { join } from "node:path";
import { isolationOf, runOptions } from "../docker/container.ts";
import { registryAddress } from "../docker/reference.ts";
import * as actions from "./actions.ts";
import type { CommonSettings } from "./settings.ts";
import type { Job, Permission, Step } from "./write.ts";

/** The text of one of scripts/, without its first line: GitHub says what runs it. */
export function script(name: string): string {
    return readFileSync(join(import.meta.dirname, "scripts", `${name}.sh`), "utf8").replace(
        /^#!.*\n/,
        "",
    );
}

/** The image's page in Quay. */
function pageOf(image: string, digest: string): string {
    const [, ...repository] = image.split("/");
    return `${registryAddress(image)}/repository/${repository.join("/")}/manifest/${digest}`;
}

/** Where and under which name the job runs, in its environment. */
export function place(
    settings: CommonSettings,
    digest: string,
): Pick<Job, "runs-on" | "environment"> {
    const { runner = "ubuntu-24.04", environment } = settings;
    return {
        "runs-on": runner,
        ...(environment && {
            environment: { name: environment.name, url: pageOf(settings.image, digest) },
        }),
    };
}

/** One run at a time in an environment; without one, of the workflow. */
export function concurrency({ environment }: CommonSettings): string {
    return environment === undefined ? "${{ github.workflow }}" : `environment-${environment.name}`;
}

/** What logging in asks of the job's token. */
export function loginPermissions({ login }: CommonSettings): Readonly<Record<string, Permission>> {
    return "robot" in login
        ? { "id-token": { access: "write", why: "logs in to the registry" } }
        : {};
}

/** Logs in to the registry. */
export function logIn({ login, image }: CommonSettings): Step {
    const registry = hostOf(image);
    if ("robot" in login) {
        return {
            name: "Log in to the registry with the identity of this job",
            env: { REGISTRY: registry, REGISTRY_URL: registryAddress(image), ROBOT: login.robot },
            run: script("log-in"),
        };
    }
    return {
        name: "Log in to the registry",
        uses: actions.login,
        with: {
            registry,
            username: `\${{ secrets.${login.usernameSecret} }}`,
            password: `\${{ secrets.${login.passwordSecret} }}`,
        },
    };
}

/** Logs out again; the login action does that by itself. */
export function logOut({ login, image }: CommonSettings): readonly Step[] {
    if (!("robot" in login)) return [];
    return [
        {
            name: "Log out of the registry",
            if: "always()",
            env: { REGISTRY: hostOf(image) },
            run: script("log-out"),
        },
    ];
}

/** Runs the image by its digest as a locked-down cluster would, until its service works. */
export function smokeTest({ image, health }: CommonSettings, digest: string): Step {
    const { port, path, timeout = 60, passedOn = [], container = {} } = health;
    const secrets = passedOn.map((name) => [name, `\${{ secrets.${name} }}`] as const);
    return {
        name: "Try the image out",
        env: {
            ...Object.fromEntries(secrets),
            IMAGE: `${image}@${digest}`,
            CONTAINER_PORT: String(port),
            ...(path !== undefined && { HEALTH_PATH: path }),
            TIMEOUT: String(timeout),
            STRICT: String(isolationOf(container).strict),
            RUN_OPTIONS: runOptions(health).join("\n"),
        },
        run: script("smoke-test"),
    };
}

/** `NAME=value` lines, by name: their order in the settings means nothing. */
export function lines(values: Readonly<Record<string, string>>): string {
    return Object.entries(values)
        .map(([name, value]) => `${name}=${value}`)
        .sort()
        .join("\n");
}

function hostOf(image: string): string {
    return image.split("/", 1).join();
}
