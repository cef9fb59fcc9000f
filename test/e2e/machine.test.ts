import { equal, match } from "node:assert/strict";
import { execFile } from "node:child_process";
import {
    chmodSync,
    existsSync,
    mkdirSync,
    readFileSync,
    realpathSync,
    rmSync,
    statSync,
    symlinkSync,
    writeFileSync,
} from "node:fs";
import { homedir } from "node:os";
import { join } from "node:path";
import { baseImage } from "../baseImage.ts";
import { copyProject, freePort, temporary } from "../../sandbox/project.ts";

interface Ended {
    readonly code: number;
    readonly out: string;
    readonly err: string;
}

const pulumiHome = process.env["PULUMI_HOME"] ?? join(homedir(), ".pulumi");
const cache =
    process.env["MLOPS_CACHE"] ??
    join(process.env["XDG_CACHE_HOME"] ?? join(homedir(), ".cache"), "mlops");

describe("on any machine", () => {
    let folder: string;
    let home: string;
    let project: string;

    before(() => {
        folder = temporary("machine");
        home = join(folder, "home");
        project = join(folder, "a folder of é and ü");
        mkdirSync(join(home, ".pulumi"), { recursive: true });
        mkdirSync(join(home, ".cache"));
        symlinkSync(join(pulumiHome, "plugins"), join(home, ".pulumi/plugins"));
        symlinkSync(cache, join(home, ".cache/mlops"));
        copyProject(project);
    });
    after(() => {
        rmSync(folder, { recursive: true });
    });

    /**
     * Runs a command in the project, in an environment with only a PATH and the given variables.
     */
    async function command(
        program: string,
        args: readonly string[],
        env: Readonly<Record<string, string>> = {},
    ): Promise<Ended> {
        const variables = { PATH: process.env["PATH"] ?? "", HOME: home, ...env };
        return new Promise((resolve) => {
            execFile(program, args, { cwd: project, env: variables }, (error, out, err) => {
                resolve({ code: error === null ? 0 : Number(error.code), out, err });
            });
        });
    }
    const bash = (script: string, env: Readonly<Record<string, string>> = {}) =>
        command("bash", ["-c", script], env);

    /** A PATH with all commands but docker. */
    function pathWithoutDocker(): string {
        const tools = join(folder, "tools");
        mkdirSync(tools, { recursive: true });
        const link =
            'IFS=:; for d in $PATH; do for f in "$d"/*; do n=${f##*/}; ' +
            '[[ $n == docker* || -e $TOOLS/$n || ! -x $f ]] || ln -s "$f" "$TOOLS/$n"; done; done';
        return `${link}; export PATH=$TOOLS; ! command -v docker`.replaceAll("$TOOLS", tools);
    }

    const machines: [what: string, before: () => string][] = [
        ["where no Docker engine answers", () => "export DOCKER_HOST=unix:///nonexistent.sock"],
        ["without the docker command", pathWithoutDocker],
        ["with umask 077 and relative XDG folders", () => "umask 077; export XDG_CACHE_HOME=c"],
        ["without HOME", () => `export PULUMI_HOME=$HOME/.pulumi MLOPS_CACHE=${cache}; unset HOME`],
    ];
    for (const [what, before] of machines) {
        it(`previews, shows the board and installs nothing, ${what}`, async () => {
            const state = join(folder, `state of ${what.split(" ").at(-1) ?? ""}`);
            const prepare = `${before()}; export NO_COLOR=1 MLOPS_STATE='${state}'`;
            const preview = await bash(`${prepare}; make preview`);
            equal(preview.code, 0, preview.err + preview.out);
            match(preview.out, /local/);
            equal(preview.out.includes("\u001b"), false, "no colours");
            equal(/docker|image|registry/.test(preview.err), false, preview.err);
            const board = await bash(`${prepare}; make board ARGS=--json`);
            equal(board.code, 0, board.err);
            match(JSON.stringify(JSON.parse(board.out)), /"environment":"local".*"prod"/);
        });
    }

    it("says what to set if a folder is not writable", async () => {
        const locked = join(folder, "locked");
        writeFileSync(locked, "");
        const unusable = { PULUMI_HOME: `${locked}/pulumi`, MLOPS_CACHE: `${locked}/cache` };
        const { code, err } = await command("toolchain/setup.sh", ["preview"], unusable);
        equal(code, 1);
        match(
            err,
            /→ set MLOPS_CACHE to a folder instead of \S+locked\/cache, set PULUMI_HOME to a folder/,
        );
        equal(err.includes("unbound variable"), false);
    });

    it("says that it is not set up, and how to do that, when its environment is sourced", async () => {
        const nothing = join(folder, "nothing");
        for (const env of [
            { MLOPS_STATE: nothing },
            { MLOPS_CACHE: nothing, PATH: "/usr/bin:/bin" },
        ]) {
            const { code, err } = await bash(". toolchain/env.sh", env);
            equal(code, 0);
            match(err, /^This project is not set up on this machine yet .*: make setup\n$/);
        }
    });

    describe("an existing state", () => {
        const state = (): Record<string, string> => ({ MLOPS_STATE: join(folder, "state") });
        before(async () => {
            const { code, err } = await command("toolchain/setup.sh", ["preview"], state());
            equal(code, 0, err);
        });

        for (const [program, ...args] of [
            ["operations/up.sh"],
            ["operations/down.sh"],
            ["toolchain/stack.sh"],
            ["operations/token.sh"],
            ["make", "preview", "STACK='nowhere local'"],
            ["make", "refresh", "STACK=nowhere"],
            ["make", "board", "STACKS=nowhere"],
            ["make", "logs", "STACK=nowhere"],
            ["make", "adopt", "STACK=nowhere"],
            ["make", "recover", "STACK=nowhere"],
            ["node", "operations/review/main.ts", "drift"],
        ] as const) {
            it(`lists the stacks if ${[program, ...args].join(" ")} gets an unknown one`, async () => {
                const script = [program, ...args, ...(program === "make" ? [] : ["nowhere"])];
                const { code, out, err } = await bash(
                    `. toolchain/env.sh && ${script.join(" ")}`,
                    state(),
                );
                equal(code === 0, false);
                equal(out, "");
                match(
                    err,
                    /There is no stack "nowhere": Pulumi\.nowhere\.yaml is missing\. There are: dev local prod staging/,
                );
            });
        }

        it("prints the warnings of the preparation when a stack is brought up", async () => {
            const tools = join(folder, "pulumi that only fails");
            mkdirSync(tools);
            const pulumi = "#!/bin/sh\n[ $1 = stack ]\n";
            writeFileSync(join(tools, "pulumi"), pulumi, { mode: 0o755 });
            const warning = "process.emitWarning('Pulumi.local.yaml is old')";
            const { code, err } = await bash(
                `. toolchain/env.sh && PATH="${tools}:$PATH" && operations/up.sh local`,
                { ...state(), NODE_OPTIONS: `--import=data:text/javascript,${encodeURI(warning)}` },
            );
            equal(code, 1);
            match(err, /Warning: Pulumi\.local\.yaml is old/);
        });

        it("says how to remove a protected stack, and removes nothing", async () => {
            const resources = [
                { urn: "urn:pulumi:prod::mlops::pulumi:pulumi:Stack::mlops-prod" },
                {
                    urn: "urn:pulumi:prod::mlops::quay:index:Repository::digits",
                    custom: true,
                    id: "alice/digits",
                    protect: true,
                },
            ].map((resource) => ({ ...resource, type: resource.urn.split("::")[2] }));
            writeFileSync(
                join(folder, "prod.json"),
                JSON.stringify({ version: 3, deployment: { manifest: {}, resources } }),
            );
            const made = await bash(
                `. toolchain/env.sh && toolchain/stack.sh prod && pulumi stack import -s prod --file ../prod.json`,
                state(),
            );
            equal(made.code, 0, made.err);
            const { code, err } = await command("operations/down.sh", ["prod"], state());
            equal(code, 1);
            match(err, /^The repository alice\/digits of the stack "prod" is protected/);
            match(err, /\n {2}pulumi config set --path mlops:quay\.protect false -s prod\n/);
            equal(err.includes("unprotect"), false);
        });
    });

    it("says which permission for the Docker engine another user lacks, and how to get it", async function () {
        const socket = "/var/run/docker.sock";
        // Only root can change the user.
        if (process.getuid?.() !== 0 || !existsSync(socket)) this.skip();
        chmodSync(folder, 0o755);
        const doctor = (group: string) =>
            command(
                "setpriv",
                ["--reuid=65534", "--regid=65534", group, "toolchain/setup.sh", "doctor"],
                {
                    MLOPS_CACHE: "/tmp",
                    PULUMI_HOME: "/tmp",
                    MLOPS_STATE: "/tmp",
                    MLOPS_BASE_IMAGE: baseImage(),
                },
            );
        const refused = await doctor("--clear-groups");
        equal(refused.code, 1);
        match(
            refused.out,
            /✗ docker +missing → sudo usermod -aG docker nobody, and log in again \(in this shell alone: newgrp docker\)$/m,
        );
        const { out } = await doctor(`--groups=${String(statSync(socket).gid)}`);
        match(out, /✓ image /); // the engine has told it
        equal(out.includes("usermod"), false, out);
    });

    describe("as a user whose only permission is the group docker, with umask 077", () => {
        const socket = "/var/run/docker.sock";
        const name = `machine-${String(process.pid)}`;
        const user = 65534;
        let owned: string;
        let port: number;

        before(async function () {
            // Only root can change the user.
            if (process.getuid?.() !== 0 || !existsSync(socket)) this.skip();
            owned = join(folder, "the user's folder of é and ü");
            port = await freePort();
            mkdirSync(join(owned, "home/.cache/mlops"), { recursive: true });
            mkdirSync(join(owned, "home/.pulumi"));
            // A clone that git made with umask 077. The service is the other tests' one, because
            // its build takes minutes and is cached.
            copyProject(join(owned, "project"), false);
            const config = join(owned, "project/Pulumi.local.yaml");
            const text = readFileSync(config, "utf8");
            const own = text
                .replace("name: mlops_python_2022_2023", `name: ${name}`)
                .replace("port: 8080", `port: ${String(port)}`);
            writeFileSync(config, own);
            // Root keeps what is installed, and the user may read it. Links take no space.
            const prepared = await bash(
                `chmod 755 "$FOLDER" && cd "$OWNED" && chmod -R go= . &&
                chmod -R go=rX project/service && chown -R $USER:$USER . &&
                copy() { cp -a --link "$@" 2>/dev/null || cp -a "$@"; }
                copy "$CACHE"/{pulumi,node}-[0-9]* home/.cache/mlops &&
                copy "$PLUGINS" home/.pulumi && copy "$PACKAGES" project/node_modules`,
                {
                    FOLDER: folder,
                    OWNED: owned,
                    USER: String(user),
                    CACHE: cache,
                    PLUGINS: realpathSync(join(pulumiHome, "plugins")),
                    PACKAGES: realpathSync(join(import.meta.dirname, "../../node_modules")),
                },
            );
            equal(prepared.code, 0, prepared.err);
        });

        const asUser = (script: string): Promise<Ended> =>
            command("setpriv", [
                `--reuid=${String(user)}`,
                `--regid=${String(user)}`,
                `--groups=${String(statSync(socket).gid)}`,
                "env",
                `--chdir=${join(owned, "project")}`,
                `HOME=${join(owned, "home")}`,
                "NO_COLOR=1",
                "bash",
                "-ec",
                `exec </dev/null; umask 077\n${script}`,
            ]);
        const inEngine = async (): Promise<string> => {
            const { out, err } = await bash(
                `docker ps --all --filter name=$NAME --format '{{.Names}}'
                docker network ls --filter name=$NAME --format '{{.Name}}'
                docker images "$NAME*" --format '{{.Repository}}'`,
                { NAME: name },
            );
            return out + err;
        };

        it("serves after make up, and leaves nothing after make down", async () => {
            const up = await asUser("make up");
            equal(up.code, 0, up.out + up.err);
            match(up.out, new RegExp(`^The service works: http://localhost:${String(port)}$`, "m"));
            equal(/\u001b|\r/.test(up.out + up.err), false, "no colours, no moving lines");
            const example = /^Try it:\n\n {2}(curl .*)$/m.exec(up.out)?.[1] ?? "";
            const answer = await asUser(`. toolchain/env.sh; ${example} --silent --show-error`);
            match(answer.out, /"class":"7"/, answer.err);

            const down = await asUser("make down");
            equal(down.code, 0, down.out + down.err);
            equal(await inEngine(), "");
            const stacks = await asUser(". toolchain/env.sh; pulumi stack ls --json");
            equal(stacks.out.trim(), "[]", stacks.err);
        });

        it("owns the state, which nobody else can read", async () => {
            const state = join(owned, "home/.local/state/mlops");
            const { out, err } = await bash(`find "$STATE" ! -user ${String(user)} -o -perm /77`, {
                STATE: state,
            });
            equal(out + err, "");
            equal(existsSync(join(state, "passphrase")), true);
        });
    });

    describe("a full disk", () => {
        const disk = (): string => join(folder, "a small disk");
        before(async function () {
            mkdirSync(disk());
            const { code } = await command("unshare", ["--map-root-user", "--mount", "true"]);
            if (code !== 0) this.skip(); // a system that lets nobody mount a file system
        });

        /** Runs a script with a disk that `fill` fills and `free` empties again. */
        const onSmallDisk = (script: string, env: Readonly<Record<string, string>> = {}) =>
            command(
                "unshare",
                ["--map-root-user", "--mount", "bash", "-ec", `${smallDisk}\n${script}`],
                { DISK: disk(), ...env },
            );
        const smallDisk = `
            mount -t tmpfs -o size=200m tmpfs "$DISK"
            fill() { head -c 200M /dev/zero >"$DISK/fill" 2>/dev/null || true; }
            free() { rm "$DISK/fill"; }
            # Prints the last line of what a command that has to fail said.
            fails() {
                if "$@" 2>"$DISK said"; then echo "$* did not fail" && exit 1; fi
                tail -n 1 "$DISK said"
            }`;
        const message = (variable: string, path = ""): RegExp =>
            new RegExp(
                `^The disk is full: ${disk()}${path} has \\d+ KiB left\\. Make room there, ` +
                    `or set ${variable} to a folder on another disk\\.$`,
                "gm",
            );

        it("of the state: creates nothing, says so, and continues once there is space", async () => {
            const { code, out, err } = await onSmallDisk(
                `export MLOPS_STATE="$DISK/state"
                mkdir "$MLOPS_STATE"
                fill; fails toolchain/setup.sh preview; free
                toolchain/setup.sh preview
                fill; fails toolchain/stack.sh local; fails operations/up.sh local; free
                . toolchain/env.sh
                [[ -z $(pulumi stack ls --json | tr -d '[]\n ') ]]
                toolchain/stack.sh local
                pulumi stack ls`,
            );
            equal(code, 0, out + err);
            equal(out.match(message("MLOPS_STATE", "/state"))?.length, 3, out + err);
            match(out, /^local .* 0$/m);
        });

        /** A program that fills the disk once the first of its resources is there. */
        const filling = `
            import { writeFileSync } from "node:fs";
            import { RandomPet } from "@pulumi/random";
            import { Network } from "@pulumi/docker";
            const { id } = new RandomPet("first");
            const name = id.apply(() => {
                const { FILL: file } = process.env;
                try {
                    if (file) writeFileSync(file, Buffer.alloc(200 << 20));
                } catch {}
                return "machine-full-${String(process.pid)}";
            });
            new RandomPet("second", { prefix: name });
            new Network("third", { name });
            export const [tokenCommand, serviceUrl] = [name, name];`;

        it("of the state, in the middle of up: says so, and the next up converges", async () => {
            const copy = join(folder, "filling");
            copyProject(copy);
            writeFileSync(join(copy, "index.ts"), filling);
            const { code, out, err } = await onSmallDisk(
                `cd ../filling
                export MLOPS_STATE="$DISK/state"
                mkdir "$MLOPS_STATE"
                toolchain/setup.sh preview
                export FILL="$DISK/fill"; fails operations/up.sh local; unset FILL; free
                . toolchain/env.sh
                pulumi stack export -s local >/dev/null
                operations/up.sh local
                operations/up.sh local
                operations/down.sh local
                [[ -z $(docker network ls --quiet --filter name="$NETWORK") ]]`,
                { NETWORK: `machine-full-${String(process.pid)}` },
            );
            equal(code, 0, out + err);
            match(out, message("MLOPS_STATE", "/state"));
            match(out, /failed to save snapshot/);
            // How much of the first `up` was saved depends on when the disk was full.
            match(out, /\n +4 unchanged/);
        });

        it("of temporary files: creates nothing, says so last, and continues with space", async () => {
            const { code, out, err } = await onSmallDisk(
                `export MLOPS_STATE="$DISK/../state of the temporary" TMPDIR="$DISK/temporary"
                mkdir "$MLOPS_STATE" "$TMPDIR"
                toolchain/setup.sh preview
                fill; fails operations/up.sh local; free
                . toolchain/env.sh
                [[ -z $(pulumi stack ls --json | tr -d '[]\n ') ]]
                toolchain/stack.sh local`,
            );
            equal(code, 0, out + err);
            match(out, message("TMPDIR", "/temporary"));
        });

        it("of the tools: trusts no incomplete file, and creates it again", async () => {
            const go = await command("go", ["env", "GOMODCACHE", "GOCACHE"], {
                HOME: homedir(),
            });
            const [GOMODCACHE = "", GOCACHE = ""] = go.out.split("\n");
            const { code, out, err } = await onSmallDisk(
                `export MLOPS_CACHE="$DISK/cache" PULUMI_HOME="$DISK/home"
                mkdir -p "$MLOPS_CACHE" "$PULUMI_HOME/plugins"
                ln -s "$CACHE"/{pulumi,node}-[0-9]* "$MLOPS_CACHE"
                ln -s "$PLUGINS"/*/ "$PULUMI_HOME/plugins"
                rm "$PULUMI_HOME/plugins"/resource-random-*
                fill; fails toolchain/setup.sh tools; free
                ls "$PULUMI_HOME/plugins" | grep random- && exit 1
                toolchain/setup.sh tools
                test -x "$PULUMI_HOME/plugins"/resource-random-*/pulumi-resource-random`,
                { CACHE: cache, PLUGINS: join(pulumiHome, "plugins"), GOMODCACHE, GOCACHE },
            );
            equal(code, 0, out + err);
            match(out, message("MLOPS_CACHE", "/cache"));
            match(out, /^plugins .*random/m);
        });
    });
});
