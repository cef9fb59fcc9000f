/**
 * A small setup whose changes are reviewed: a repository with its robot, an image in it, and the
 * objects on GitHub. All of it is configurable.
 */
import { strict as assert } from "node:assert";
import { type GitHub, startGitHub } from "../../../sandbox/github/server.ts";
import { type Quay, startQuay } from "../../../sandbox/quay/server.ts";
import { pushImage } from "../../../sandbox/registryClient.ts";
import { type Config, Project } from "../../../sandbox/project.ts";

/** The settings of the program, some of which each test changes. */
export const settings = {
    repository: {
        namespace: "alice",
        repository: "digits_prod",
        robot: "digits_robot",
        description: "Digits",
        immutableTags: "[0-9].*",
        autoPrune: [{ keep: 5, tagPattern: "ctx-.*" }],
        protect: true,
        rotation: 0,
    },
    version: "1.0.0",
    reader: "read",
    workflow:
        'name: Release\non: workflow_dispatch\njobs:\n  release:\n    runs-on: ubuntu-latest\n    steps:\n      - run: echo "1.0.0"\n',
};

const program = `
import * as github from "@pulumi/github";
import * as pulumi from "@pulumi/pulumi";
import { QuayRepository, type QuayRepositoryArgs } from "./components/quayRepository.ts";
import { UserError } from "./components/messages/userError.ts";
import * as quay from "./quay/sdk/index.ts";

interface World {
    readonly repository?: QuayRepositoryArgs;
    readonly source: string;
    readonly version: string;
    readonly reader: quay.RepositoryPermissionArgs["role"];
    readonly workflow: string;
    readonly reviewers: number[];
    readonly environment: boolean;
    readonly problem?: string;
}

const world = new pulumi.Config("mlops").requireObject<World>("world");
if (world.problem !== undefined) throw new UserError(world.problem);
export const version = world.version;
if (world.repository !== undefined) {
    const repository = new QuayRepository("digits", world.repository);
    const { image, robotUsername, robotToken } = repository;
    new quay.RepositoryPermission("bob", { repository: "alice/digits_prod", user: "bob", role: world.reader }, { dependsOn: [repository] });
    new quay.PromotedImage("digits", { source: world.source, target: image, version: world.version, floatingTags: ["latest"] });
    new github.RepositoryFile("release", {
        repository: "service",
        branch: "main",
        file: ".github/workflows/release.yml",
        content: world.workflow,
        commitMessage: "The release workflow",
    });
    const environment = new github.RepositoryEnvironment("prod", {
        repository: "service",
        environment: "prod",
        preventSelfReview: true,
        reviewers: world.reviewers.length === 0 ? [] : [{ users: world.reviewers }],
        deploymentBranchPolicy: { protectedBranches: false, customBranchPolicies: true },
    });
    const secret = (secretName: string, value: pulumi.Input<string>) =>
        new github.ActionsEnvironmentSecret(secretName, { repository: "service", environment: environment.environment, secretName, value });
    secret("QUAY_USER", robotUsername);
    secret("QUAY_PWD", robotToken);
}
`;

export class World {
    readonly quay: Quay;
    readonly github: GitHub;
    readonly project: Project;
    /** For Pulumi and the review. */
    readonly environment: Readonly<Record<string, string>>;

    readonly #settings: Config;

    private constructor(
        quay: Quay,
        github: GitHub,
        project: Project,
        settings: Config,
        environment: Readonly<Record<string, string>>,
    ) {
        this.quay = quay;
        this.github = github;
        this.project = project;
        this.#settings = settings;
        this.environment = environment;
    }

    /**
     * Creates the setup. Quay has versions 1.0.0 and 1.1.0 of the image in its dev repository;
     * nothing is deployed.
     */
    static async create(): Promise<World> {
        const quay = await startQuay();
        for (const user of ["alice", "bob"]) quay.createUser(user);
        for (const version of ["1.0.0", "1.1.0"])
            await pushImage(quay, "alice", "alice/digits", [version]);
        const github = await startGitHub();
        const reviewers = [github.createUser("alice")];
        github.createRepository({ owner: "alice", name: "service", private: false });
        const environment = {
            QUAY_URL: quay.url,
            QUAY_TOKEN: quay.createToken({ user: "alice" }),
            GITHUB_TOKEN: github.createToken({ user: "alice" }),
            GITHUB_OWNER: "alice",
            GITHUB_BASE_URL: github.baseUrl,
        };
        const world = { ...settings, source: `${quay.registry}/alice/digits`, reviewers };
        const project = await Project.create({ world }, environment, undefined, program);
        return new World(quay, github, project, world, {
            ...environment,
            PULUMI_BACKEND_URL: `file://${project.state}`,
            PULUMI_CONFIG_PASSPHRASE: "for the test",
            PULUMI_FALLBACK_TO_STATE_SECRETS_MANAGER: "true",
        });
    }

    /** Applies these settings to all following commands. All others have their initial values. */
    configure(changes: Readonly<Record<string, unknown>> = {}): void {
        this.project.configure({ world: { ...this.#settings, ...changes } });
    }

    async up(changes: Readonly<Record<string, unknown>> = {}): Promise<void> {
        this.configure(changes);
        const { failed, output } = await this.project.up();
        assert.equal(failed, false, output);
    }

    async remove(): Promise<void> {
        this.project.remove();
        await Promise.all([this.quay.stop(), this.github.stop()]);
    }
}
