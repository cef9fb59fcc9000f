import type { Change } from "../preview.ts";
import { isObject, valueAt } from "../properties.ts";
import { objectName } from "./clusterObject.ts";
import {
    careful,
    dangerous,
    type Finding,
    isChanged,
    isNew,
    listOf,
    type Phrase,
    phrase,
    type Rule,
    shortType,
    show,
    textOf,
} from "./rule.ts";

/**
 * The rules of what lets somebody in, or sends somebody what happens. The program declares none of
 * it: where it appears, somebody new gets something.
 */
export const access: Readonly<Record<string, Rule>> = {
    "github:index/repositoryDeployKey:RepositoryDeployKey": (change) => {
        const may = change.after["readOnly"] === false ? "push to" : "read";
        return grant(
            change,
            phrase`deploy key ${textOf(change, "title")} may ${[may]}
                ${textOf(change, "repository")}`,
        );
    },
    "github:index/repositoryWebhook:RepositoryWebhook": (change) =>
        webhook(change, textOf(change, "repository")),
    "github:index/organizationWebhook:OrganizationWebhook": (change) =>
        webhook(change, "the organization"),

    "github:index/appInstallationRepositories:AppInstallationRepositories": ofNobodyKnown,
    "github:index/appInstallationRepository:AppInstallationRepository": ofNobodyKnown,
    "github:index/membership:Membership": ofNobodyKnown,
    "github:index/repositoryCollaborators:RepositoryCollaborators": ofNobodyKnown,
    "github:index/teamMembers:TeamMembers": ofNobodyKnown,
    "github:index/teamMembership:TeamMembership": ofNobodyKnown,
    "github:index/userSshKey:UserSshKey": ofNobodyKnown,

    "kubernetes:rbac.authorization.k8s.io/v1:Role": role,
    "kubernetes:rbac.authorization.k8s.io/v1:ClusterRole": role,
    "kubernetes:rbac.authorization.k8s.io/v1:RoleBinding": roleBinding,
    "kubernetes:rbac.authorization.k8s.io/v1:ClusterRoleBinding": roleBinding,
};

/**
 * Returns the finding of somebody who gets something; that of a deletion is the default one.
 *
 * @param decisive the properties that say who gets what. Default: all.
 */
function grant(change: Change, what: Phrase, ...decisive: readonly string[]): Finding[] {
    if (change.operation === "delete") return [];
    const isOther = decisive.length === 0 || decisive.some((name) => isChanged(change, name));
    return [
        isNew(change) || isOther
            ? dangerous(change, phrase`permission widened: ${what}`)
            : careful(change, phrase`${shortType(change.type)} ${change.name} is changed`),
    ];
}

/** Does not name the address: it may contain a secret. */
function webhook(change: Change, subject: string): Finding[] {
    const events = listOf(change.after["events"]).map(show).join(", ");
    return grant(
        change,
        phrase`events ${events} of ${subject} are sent to a new address`,
        "repository",
        "configuration",
    );
}

function ofNobodyKnown(change: Change): Finding[] {
    return grant(change, phrase`${shortType(change.type)} ${change.name}`);
}

function role(change: Change): Finding[] {
    return grant(
        change,
        phrase`${shortType(change.type)} ${objectName(change)} allows
            ${show(change.after["rules"])}`,
        "rules",
        "aggregationRule",
    );
}

function roleBinding(change: Change): Finding[] {
    const subjects = listOf(change.after["subjects"])
        .map((subject) => show(isObject(subject) ? subject["name"] : subject))
        .join(", ");
    return grant(
        change,
        phrase`${subjects} get ${show(valueAt(change.after, "roleRef.name"))} by
            ${shortType(change.type)} ${objectName(change)}`,
        "subjects",
        "roleRef",
    );
}
