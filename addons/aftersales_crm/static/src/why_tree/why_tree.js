import { Component, useEffect, useRef } from "@odoo/owl";
import { _t } from "@web/core/l10n/translation";
import { registry } from "@web/core/registry";
import { CharField } from "@web/views/fields/char/char_field";
import { standardFieldProps } from "@web/views/fields/standard_field_props";
import { x2ManyField } from "@web/views/fields/x2many/x2many_field";

/** "1.10" after "1.9": the parts of an outline number compare as numbers. */
function compareOutlines(one, other) {
    const [a, b] = [one, other].map((outline) => outline.split(".").map(Number));
    for (let i = 0; i < Math.min(a.length, b.length); i++) {
        if (a[i] !== b[i]) {
            return a[i] - b[i];
        }
    }
    return a.length - b.length;
}

/** The "5 whys" as a tree: each answer can be asked further, and a question can have several answers. */
export class WhyTree extends Component {
    static template = "aftersales_crm.WhyTree";
    // Core's own inputs: what is being typed is not overwritten by the answer to what was typed before
    static components = { CharField };
    static props = { ...standardFieldProps };

    setup() {
        this.root = useRef("root");
        this.wanted = null;
        useEffect(() => {
            if (this.wanted) {
                this.root.el.querySelector(`[data-outline="${this.wanted}"] input`)?.focus();
                this.wanted = null;
            }
        });
    }

    get list() {
        return this.props.record.data[this.props.name];
    }

    get rows() {
        return [...this.list.records].sort((one, other) => compareOutlines(one.data.outline, other.data.outline));
    }

    depth(record) {
        return record.data.outline.split(".").length - 1;
    }

    branch(record) {
        return this.rows.filter(
            (row) => row === record || row.data.outline.startsWith(`${record.data.outline}.`)
        );
    }

    /** The next free number below `parent` (below nothing: 1, 2, 3). */
    nextOutline(parent) {
        const start = parent ? `${parent.data.outline}.` : "";
        const taken = this.list.records
            .map((row) => row.data.outline)
            .filter((outline) => outline.startsWith(start) && !outline.slice(start.length).includes("."))
            .map((outline) => Number(outline.slice(start.length)));
        return `${start}${Math.max(0, ...taken) + 1}`;
    }

    async onAdd(parent) {
        // What was typed last may still be on its way into the record
        await this.props.record.isDirty();
        const outline = this.nextOutline(parent);
        const answer = parent?.data.answer;
        const name = answer ? _t("Why: %s", answer) : "";
        const record = await this.list.addNewRecord({ position: "bottom" });
        await record.update({ outline, name });
        this.wanted = outline;
        this.render();
    }

    async onRemove(record) {
        for (const row of this.branch(record).reverse()) {
            await this.list.delete(row);
        }
    }
}

registry.category("fields").add("aftersales_why_tree", {
    ...x2ManyField,
    component: WhyTree,
    displayName: _t("Tree of Whys"),
    supportedTypes: ["one2many"],
    additionalClasses: ["d-block", "w-100"],
    extractProps: () => ({}),
});
