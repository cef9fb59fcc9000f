import * as quay from "pulumi-quay";

const releases = new quay.Repository("releases", { namespace: "acme", name: "releases" });
// Nobody can move or remove the tag of a version, such as 1.4.0.
new quay.TagImmutabilityPolicy("versions", {
    repository: releases.fullName,
    tagPattern: "[0-9]+[.][0-9]+[.][0-9]+",
});
