import { registry } from "@web/core/registry";
import { useDropzone } from "@web/core/dropzone/dropzone_hook";
import { checkFileSize } from "@web/core/utils/files";
import { getDataURLFromFile } from "@web/core/utils/urls";
import { BinaryField, binaryField } from "@web/views/fields/binary/binary_field";
import { _t } from "@web/core/l10n/translation";
import { useRef } from "@odoo/owl";

/** The file of an import: chosen, or dropped anywhere on the form. */
export class ImportFileField extends BinaryField {
    static template = "aftersales_crm.ImportFileField";

    setup() {
        super.setup();
        const root = useRef("root");
        const sheet = {
            get el() {
                return root.el?.closest(".o_form_sheet") || root.el;
            },
        };
        useDropzone(sheet, this.onDrop.bind(this), "", () => !this.props.readonly);
    }

    async onDrop(ev) {
        const files = [...ev.dataTransfer.files];
        if (files.length !== 1) {
            this.notification.add(_t("Drop one file at a time: each one is an import of its own."), {
                type: "warning",
            });
            return;
        }
        const [file] = files;
        if (checkFileSize(file.size, this.notification)) {
            const url = await getDataURLFromFile(file);
            await this.update({ data: url.split(",")[1], name: file.name });
        }
    }
}

registry.category("fields").add("aftersales_import_file", { ...binaryField, component: ImportFileField });
