import { readFileSync } from "node:fs";
import { join } from "node:path";
import { registryAddress } from "../docker/reference.ts";
import { isStrict, runOptions } from "../docker/serviceContainer.ts";
import { secretName } from "./names.ts";
import type { CommonSettings } from "./settings.ts";
import type { Job, Permission, Step } from "./write.ts";

/**
 * Returns scripts of scripts/, one after the other, without their `#!` lines: the workflow says
 * which shell runs them.
 */
export function script(...names: readonly string[]): string {
    return names
        .map((name) => readFileSync(join(import.meta.dirname, "scripts", `${name}.sh`), "utf8"))
        .map((text) => text.replace(/^#!.*\n/, ""))
        .join("\n");
}

/**
 * Returns the condition that a run is for the file's branch. Runs on demand may be for any other
 * one, and only a GitHub environment would keep them out.
 */
export function onBranch({ branch }: CommonSettings): string {
    return `github.ref == 'refs/heads/${branch.replaceAll("'", "''")}'`;
}

/** What to do where the registry does not do what a step asks. */
export const ifRegistryFails =
    "If the registry denied it, the robot needs the permission Write. Otherwise run this job " +
    "again.";

/** Returns the URL of the image's page in Quay. */
function pageOf(image: string, digest: string): string {
    const [, ...repository] = image.split("/");
    return `${registryAddress(image)}/repository/${repository.join("/")}/manifest/${digest}`;
}

/** Returns the job's runner and its GitHub environment, if any. */
export function runnerAndEnvironment(
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

/** Returns the concurrency group: one run at a time per environment, else per workflow. */
export function concurrency({ environment }: CommonSettings): string {
    return environment === undefined ? "${{ github.workflow }}" : `environment-${environment.name}`;
}

/** Returns the permissions of the job's token that the login needs. */
export function loginPermissions({ login }: CommonSettings): Readonly<Record<string, Permission>> {
    return "robot" in login
        ? { "id-token": { access: "write", why: "to log in to the registry" } }
        : {};
}

/** Returns the step that logs in to the registry. */
export function logIn({ login, image, environment }: CommonSettings): Step {
    const registry = hostOf(image);
    if ("robot" in login) {
        return {
            name: "Log in to the registry with the job's identity token",
            id: "login",
            env: { REGISTRY: registry, REGISTRY_URL: registryAddress(image), ROBOT: login.robot },
            run: script("fail", "docker-login", "log-in"),
        };
    }
    return {
        name: "Log in to the registry",
        id: "login",
        env: {
            REGISTRY: registry,
            REGISTRY_USERNAME: `\${{ secrets.${login.usernameSecret} }}`,
            REGISTRY_PASSWORD: `\${{ secrets.${login.passwordSecret} }}`,
            USERNAME_SECRET: login.usernameSecret,
            PASSWORD_SECRET: login.passwordSecret,
            WHERE: environment ? `the environment ${environment.name}` : "the repository",
        },
        run: script("fail", "docker-login", "log-in-with-password"),
    };
}

/** Returns the step that logs out. */
export function logOut({ image }: CommonSettings): Step {
    return {
        name: "Log out of the registry",
        id: "logout",
        if: "always()",
        env: { REGISTRY: hostOf(image) },
        run: script("log-out"),
    };
}

/**
 * Returns a job's steps and one more. Where a step fails without an annotation of its own, it names
 * that step and what to do.
 */
export function explained(steps: readonly Step[]): readonly Step[] {
    const named = steps.filter(({ id }) => id !== undefined);
    return [
        ...steps,
        {
            name: "Say which step failed, and what to do",
            if: "failure() && !contains(steps.*.outputs.explained, 'true')",
            env: {
                STEPS: named
                    .map(
                        ({ id = "", name, ifFails = "" }) =>
                            `\${{ steps.${id}.outcome }} ${name}: ` +
                            `this step failed, and its output says why. ${ifFails}`.trimEnd(),
                    )
                    .join("\n"),
            },
            run: script("fail", "explain"),
        },
    ];
}

/**
 * Returns the step that runs the image by its digest, with the settings of its container, until the
 * service is healthy.
 */
export function smokeTest({ image, health, login }: CommonSettings, digest: string): Step {
    const { port, path, timeout = 60, passedOn = [], container = {}, memory } = health;
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
        name: "Smoke-test the image",
        id: "smoke",
        ...(leftOut.length > 0 && {
            comment:
                `The service runs without ${leftOut.join(", ")}: GitHub does not allow such a ` +
                "name for a secret, or this step uses the name itself.",
        }),
        env: {
            ...Object.fromEntries(passed.map((name) => [name, `\${{ secrets.${name} }}`])),
            ...own,
            RUN_OPTIONS: [
                ...runOptions({ ...health, passedOn: passed }),
                // Equal values: no swap, which a pod does not have either.
                ...(memory === undefined
                    ? []
                    : [`--memory=${String(memory)}`, `--memory-swap=${String(memory)}`]),
            ].join("\n"),
        },
        run: script("fail", "registry", "smoke-test"),
    };
}

/** Variables that the script of the smoke test, bash or the docker command use. */
const reserved = new RegExp(
    "^(IMAGE|CONTAINER_PORT|HEALTH_PATH|TIMEOUT|STRICT|RUN_OPTIONS|options?|" +
        "PATH|HOME|IFS|ENV|(BASH|LD|DOCKER)_\\w+)$",
);

/**
 * Returns whether the smoke test can take a variable's value from the GitHub secret of its name.
 * Never for the registry's credentials: they are for the job, not for the service.
 */
export function canPass(name: string, login: CommonSettings["login"]): boolean {
    const credentials = "robot" in login ? [] : [login.usernameSecret, login.passwordSecret];
    return (
        secretName.safeParse(name).success &&
        !reserved.test(name) &&
        !credentials.some((secret) => secret.toUpperCase() === name.toUpperCase())
    );
}

/** Returns `NAME=value` lines, sorted: the order of the settings must not change the file. */
export function lines(values: Readonly<Record<string, string>>): string {
    return Object.entries(values)
        .map(([name, value]) => `${name}=${value}`)
        .sort()
        .join("\n");
}

function hostOf(image: string): string {
    return image.split("/", 1).join();
}
