import { registry } from "@web/core/registry";
import { ProgressBarField, progressBarField } from "@web/views/fields/progress_bar/progress_bar_field";
import { onWillUnmount } from "@odoo/owl";

/** How often the form asks how far the worker has come. */
const BEAT = 2500;

/** A progress bar that keeps itself up to date while the import is at work. */
export class ImportProgressField extends ProgressBarField {
    setup() {
        super.setup();
        const timer = setInterval(() => this.beat(), BEAT);
        onWillUnmount(() => clearInterval(timer));
    }

    async beat() {
        const record = this.props.record;
        if (record.data.state === "working" && !document.hidden && !(await record.isDirty())) {
            await record.load();
        }
    }
}

registry.category("fields").add("aftersales_import_progress", { ...progressBarField, component: ImportProgressField });
