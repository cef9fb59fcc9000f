import type { Scope } from "../../../quay/api/client.ts";
import type { Resource } from "../../../quay/definition/resource.ts";
import { autoPrunePolicy } from "../../../quay/resources/autoPrunePolicy.ts";
import { defaultPermission } from "../../../quay/resources/defaultPermission.ts";
import { floatingTag } from "../../../quay/resources/floatingTag.ts";
import { notification } from "../../../quay/resources/notification.ts";
import { organization } from "../../../quay/resources/organization.ts";
import { promotedImage } from "../../../quay/resources/promotedImage.ts";
import { proxyCache } from "../../../quay/resources/proxyCache.ts";
import { quota } from "../../../quay/resources/quota.ts";
import { repository } from "../../../quay/resources/repository.ts";
import { repositoryMirror } from "../../../quay/resources/repositoryMirror.ts";
import { repositoryPermission } from "../../../quay/resources/repositoryPermission.ts";
import { robot } from "../../../quay/resources/robot.ts";
import { robotFederation } from "../../../quay/resources/robotFederation.ts";
import { tagImmutabilityPolicy } from "../../../quay/resources/tagImmutabilityPolicy.ts";
import { team } from "../../../quay/resources/team.ts";
import { teamMembership } from "../../../quay/resources/teamMembership.ts";
import type { Properties } from "../../../quay/definition/values.ts";

/** A resource and its inputs. When they are created in order, each finds the ones that it needs. */
export interface Sample {
    readonly resource: Resource;
    readonly inputs: Properties;
    /** What the token needs for it. */
    readonly scope: Scope;
    /** The same thing with another value, which only someone else can have set. */
    readonly different?: Properties;
    /** Quay knows only whether it is there. */
    readonly taken?: boolean;
    /** How many more requests it takes than one, where each that can be lost is. */
    readonly more?: number;
}

const claims = (subject: string) => [{ issuer: "https://token.example.com", subject }];

/** @param digest of the version 1.0.0 in alice/images. */
export function samplesOf(
    namespace: string,
    inOrganization: boolean,
    registry: string,
    digest: string,
): Sample[] {
    const full = `${namespace}/app`;
    const username = `${namespace}+deploy`;
    const ofRobots = inOrganization ? "org:admin" : "user:admin";
    const samples: Sample[] = [
        { resource: repository, inputs: { namespace, name: "app" }, scope: "repo:create" },
        { resource: robot, inputs: { namespace, name: "deploy" }, scope: ofRobots },
        {
            resource: repositoryPermission,
            inputs: { repository: full, robot: username, role: "write" },
            different: { role: "read" },
            scope: "repo:admin",
        },
        {
            resource: robotFederation,
            inputs: { robot: username, claims: claims("a") },
            different: { claims: claims("b") },
            scope: ofRobots,
        },
        {
            resource: autoPrunePolicy,
            inputs: { repository: full, method: "number_of_tags", value: "20" },
            scope: "repo:admin",
            taken: true,
        },
        {
            resource: autoPrunePolicy,
            inputs: { namespace, method: "creation_date", value: "30d" },
            scope: ofRobots,
            taken: true,
        },
        {
            resource: tagImmutabilityPolicy,
            inputs: { repository: full, tagPattern: "v.*" },
            different: { tagPatternMatches: false },
            scope: "repo:admin",
        },
        {
            resource: tagImmutabilityPolicy,
            inputs: { namespace, tagPattern: "r.*" },
            different: { tagPatternMatches: false },
            scope: "org:admin",
        },
        {
            resource: notification,
            inputs: {
                repository: full,
                event: "repo_push",
                method: "slack",
                config: { url: "https://hooks.example.com/x" },
            },
            scope: "repo:admin",
        },
        {
            resource: promotedImage,
            inputs: {
                source: `${registry}/alice/images`,
                target: `${registry}/${full}`,
                version: "1.0.0",
            },
            scope: "repo:write",
        },
        {
            resource: floatingTag,
            inputs: { repository: full, tag: "current", digest },
            scope: "repo:write",
            taken: true,
        },
        {
            resource: repository,
            inputs: { namespace, name: "mirrored", state: "MIRROR" },
            scope: "repo:create",
            more: 2,
        },
        {
            resource: repositoryMirror,
            inputs: {
                repository: `${namespace}/mirrored`,
                externalReference: "quay.example.com/acme/base",
                tags: ["1.*", "latest"],
                robot: username,
                username: "reader",
            },
            different: { externalReference: "quay.example.org/evil/base" },
            scope: "repo:admin",
        },
    ];
    if (!inOrganization) return samples;
    return [
        {
            resource: organization,
            inputs: { name: namespace, email: "acme@example.com" },
            scope: "user:admin",
        },
        ...samples,
        {
            resource: team,
            inputs: { organization: namespace, name: "devs", role: "member" },
            scope: "org:admin",
        },
        {
            resource: teamMembership,
            inputs: { organization: namespace, team: "devs", member: username },
            scope: "org:admin",
            taken: true,
        },
        {
            resource: repositoryPermission,
            inputs: { repository: full, team: "devs", role: "read" },
            different: { role: "admin" },
            scope: "repo:admin",
        },
        {
            resource: defaultPermission,
            inputs: { organization: namespace, team: "devs", role: "read" },
            different: { role: "write" },
            scope: "org:admin",
        },
        {
            resource: defaultPermission,
            inputs: { organization: namespace, robot: username, creator: "alice", role: "write" },
            different: { role: "read" },
            scope: "org:admin",
        },
        {
            resource: organization,
            inputs: { name: "cached", email: "cached@example.com" },
            scope: "user:admin",
        },
        {
            resource: proxyCache,
            inputs: { organization: "cached", upstreamRegistry: "registry.example.com/library" },
            different: { upstreamRegistry: "registry.example.org" },
            scope: "org:admin",
        },
        {
            resource: quota,
            inputs: {
                organization: namespace,
                limitBytes: 1_000_000,
                limits: [
                    { type: "Warning", percent: 80 },
                    { type: "Reject", percent: 100 },
                ],
            },
            different: { limitBytes: 2_000_000 },
            scope: "super:user",
            more: 2,
        },
    ];
}
