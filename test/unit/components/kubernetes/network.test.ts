import { deepEqual, equal, throws } from "node:assert/strict";
import { type Egress, networkPolicySpec } from "../../../../components/kubernetes/network.ts";

const selector = { "app.kubernetes.io/name": "web-dev" };
const rules = (...egress: Egress[]) =>
    JSON.parse(JSON.stringify(networkPolicySpec(selector, 9090, egress))) as {
        podSelector: unknown;
        ingress: unknown[];
        egress: { to: { ipBlock?: { cidr: string; except?: string[] } }[]; ports?: unknown[] }[];
    };

describe("the network policy of a service", () => {
    it("is of the service's pods, and lets in on their port alone", () => {
        const { podSelector, ingress } = rules();
        deepEqual(podSelector, { matchLabels: selector });
        deepEqual(ingress, [{ ports: [{ port: 9090, protocol: "TCP" }] }]);
    });

    it("lets out to the cluster's DNS alone, unless more is configured", () => {
        const { egress } = rules();
        equal(egress.length, 1);
        deepEqual(egress[0]?.to, [
            { namespaceSelector: {} },
            { ipBlock: { cidr: "169.254.20.10/32" } },
        ]);
        deepEqual(egress[0].ports, [
            { port: 53, protocol: "UDP" },
            { port: 53, protocol: "TCP" },
            { port: 5353, protocol: "UDP" },
            { port: 5353, protocol: "TCP" },
        ]);
    });

    it("lets out to the configured ports of a network, or to all of them", () => {
        const [, one, other] = rules(
            { cidr: "10.0.0.0/8", ports: [443] },
            { cidr: "2001:db8::/32" },
        ).egress;
        deepEqual(one, {
            to: [{ ipBlock: { cidr: "10.0.0.0/8" } }],
            ports: [{ port: 443, protocol: "TCP" }],
        });
        deepEqual(other, { to: [{ ipBlock: { cidr: "2001:db8::/32" } }] });
    });

    const wide: [cidr: string, except: string[]][] = [
        ["0.0.0.0/0", ["169.254.0.0/16", "100.100.100.200/32"]],
        ["100.64.0.0/10", ["100.100.100.200/32"]],
        ["169.0.0.0/8", ["169.254.0.0/16"]],
        ["::/0", ["fe80::/10", "fd00:ec2::254/128"]],
        ["fd00::/8", ["fd00:ec2::254/128"]],
    ];
    for (const [cidr, except] of wide) {
        it(`leaves the metadata servers out of ${cidr}`, () => {
            deepEqual(rules({ cidr }).egress[1]?.to, [{ ipBlock: { cidr, except } }]);
        });
    }

    for (const cidr of [
        "169.254.169.254/32",
        "169.254.0.0/16",
        "169.254.128.0/17",
        "100.100.100.200/32",
        "fe80::a9fe:a9fe/128",
        "fd00:ec2::254/128",
    ]) {
        it(`refuses ${cidr}, where a metadata server is`, () => {
            throws(() => rules({ cidr }), /metadata server/);
        });
    }

    for (const cidr of ["", "10.0.0.0", "10.0.0.0/33", "10.0.0.0/x", "example.com/8", "::/129"]) {
        it(`refuses "${cidr}", which is no network`, () => {
            throws(() => rules({ cidr }), {
                message:
                    `The network ${cidr} of a service's egress must be a network in CIDR ` +
                    "notation, as in 10.0.0.0/8.",
            });
        });
    }
});
