import * as quay from "pulumi-quay";

new quay.Organization("research", {
    name: "acme-research",
    email: "research@example.com",
    tagExpirationSeconds: 604800, // a deleted tag can be restored for a week
});
