import { readFileSync } from "node:fs";
import { join } from "node:path";
import { registryAddress } from "../docker/reference.ts";
import { isStrict, runOptions } from "../docker/serviceContainer.ts";
import * as actions from "./actions.ts";
import { secretName } from "./names.ts";
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

/** Runs the image by its digest with all that its container gets, until its service works. */
export function smokeTest({ image, health, login }: CommonSettings, digest: string): Step {
    const { port, path, timeout = 60, passedOn = [], container = {} } = health;
    const own = {
        IMAGE: `${image}@${digest}`,
        CONTAINER_PORT: String(port),
        ...(path !== undefined && { HEALTH_PATH: path }),
        TIMEOUT: String(timeout),
        STRICT: String(isStrict(container)),
    };
    const passed = passedOn.filter((name) => canPass(name, login));
    const leftOut = passedOn.filter((name) => !passed.includes(name)).sort();
    return {
        name: "Try the image out",
        ...(leftOut.length > 0 && {
            comment:
                `The service goes without ${leftOut.join(", ")}: GitHub keeps no secret of such a ` +
                "name for it, or the name has another meaning in this step.",
        }),
        env: {
            ...Object.fromEntries(passed.map((name) => [name, `\${{ secrets.${name} }}`])),
            ...own,
            RUN_OPTIONS: runOptions({ ...health, passedOn: passed }).join("\n"),
        },
        run: script("smoke-test"),
    };
}

/** Variables that the script of the smoke test, bash or the docker command read themselves. */
const reserved =
    /^(IMAGE|CONTAINER_PORT|HEALTH_PATH|TIMEOUT|STRICT|RUN_OPTIONS|options?|PATH|HOME|IFS|ENV|(BASH|LD|DOCKER)_\w+)$/;

/**
 * Whether the smoke test can take the value of a variable from the GitHub secret of its name. The
 * registry's credentials are the job's, and nothing that the service may get.
 */
function canPass(name: string, login: CommonSettings["login"]): boolean {
    const taken = "robot" in login ? [] : [login.usernameSecret, login.passwordSecret];
    return (
        secretName.safeParse(name).success &&
        !reserved.test(name) &&
        !taken.some((secret) => secret.toUpperCase() === name.toUpperCase())
    );
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
