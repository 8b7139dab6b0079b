import { Component, markup, onWillStart, useState } from "@odoo/owl";
import { deserializeDateTime } from "@web/core/l10n/dates";
import { _t } from "@web/core/l10n/translation";
import { registry } from "@web/core/registry";
import { useService } from "@web/core/utils/hooks";
import { standardActionServiceProps } from "@web/webclient/actions/action_service";

const MODEL = "aftersales.monthly.report";
const TREND = { left: 34, top: 10, width: 1250, height: 210, right: 24, bottom: 24 };

/** A name that fits below a bar; the whole one is in the tooltip and in the table. */
function short(text, length) {
    return text.length > length ? `${text.slice(0, length - 1)}…` : text;
}

/**
 * The figures of one month as a page: of the running month, counted now, or of a written report, as frozen. Whatever
 * is shown carries the cell that it stands for, and a click opens exactly the records that were counted.
 */
export class AftersalesDashboard extends Component {
    static template = "aftersales_crm.Dashboard";
    static props = { ...standardActionServiceProps };

    setup() {
        this.orm = useService("orm");
        this.action = useService("action");
        this.ui = useService("ui");
        const saved = this.props.state || {};
        const params = this.props.action.params || {};
        const resume = this.props.action.context?.active_id;
        this.state = useState({
            data: null,
            reportId: saved.reportId || params.report_id || resume || false,
            companyId: saved.companyId || false,
            hidden: {},
        });
        onWillStart(() => this.load());
    }

    async load() {
        const { reportId, companyId } = this.state;
        this.state.data = await this.orm.call(MODEL, "get_dashboard", [], {
            report_id: reportId,
            company_id: companyId,
        });
        this.env.config.setDisplayName(this.title);
    }

    get data() {
        return this.state.data;
    }

    get isLive() {
        return !this.data.report_id;
    }

    get title() {
        const name = this.isLive ? _t("Dashboard") : _t("Callback Report");
        return `${name} ${this.data.month}`;
    }

    get asOf() {
        return deserializeDateTime(this.data.as_of).toFormat("yyyy-MM-dd HH:mm");
    }

    get analysis() {
        return markup(this.data.analysis || "");
    }

    async onMonth(ev) {
        this.state.reportId = Number(ev.target.value) || false;
        await this.load();
    }

    async onStore(ev) {
        Object.assign(this.state, { companyId: Number(ev.target.value), reportId: false });
        await this.load();
    }

    /** Open the records of a cell; of another month's report where the cell says so. */
    async open(cell, reportId = this.data.report_id) {
        const action = await this.orm.call(MODEL, "open_cell", [cell], {
            report_id: reportId,
            company_id: this.data.company_id,
        });
        await this.action.doAction(action);
    }

    openReport() {
        return this.action.doAction({
            type: "ir.actions.act_window",
            res_model: MODEL,
            res_id: this.data.report_id,
            views: [[false, "form"]],
        });
    }

    openAction(id) {
        return this.action.doAction({
            type: "ir.actions.act_window",
            res_model: "aftersales.corrective.action",
            res_id: id,
            views: [[false, "form"]],
        });
    }

    print() {
        window.print();
    }

    /** Of a running month a count is not compared with a whole one. */
    comparison(figure) {
        return !this.isLive || figure.unit !== "count";
    }

    toneClass(tone) {
        return { good: "text-success", bad: "text-danger" }[tone] || "text-muted";
    }

    short(text, length) {
        return short(text || "", length);
    }

    weekday(number) {
        // The first Monday of any year will do.
        return luxon.DateTime.fromObject({ weekYear: 2024, weekNumber: 2, weekday: number }).toFormat("ccc");
    }

    // Trend ---------------------------------------------------------------

    trendX(index) {
        return TREND.left + (index * TREND.width) / (this.data.trend.months.length - 1);
    }

    trendY(value) {
        return TREND.top + TREND.height * (1 - value / 100);
    }

    get trendBox() {
        return `0 0 ${TREND.left + TREND.width + TREND.right} ${TREND.top + TREND.height + TREND.bottom}`;
    }

    get trend() {
        return TREND;
    }

    get trendLines() {
        return this.data.trend.lines.map((line, number) => ({
            ...line,
            color: `o_dash_line_${number}`,
            path: line.points.map((point) => `${this.trendX(point.index)},${this.trendY(point.value)}`).join(" "),
        }));
    }

    get shownLines() {
        return this.trendLines.filter((line) => !this.state.hidden[line.code]);
    }

    toggleLine(code) {
        this.state.hidden[code] = !this.state.hidden[code];
    }

    openPoint(line, point) {
        return this.open({ measure: line.code, part: "numerator", keys: {} }, point.report_id);
    }

    // Pareto --------------------------------------------------------------

    get pareto() {
        const rows = this.data.pareto.slice(0, 10);
        const top = Math.max(1, ...rows.map((row) => row.numerator));
        const step = 640 / Math.max(rows.length, 1);
        const bars = rows.map((row, index) => ({
            ...row,
            x: 36 + index * step + step * 0.16,
            width: step * 0.68,
            height: (150 * row.numerator) / top,
            middle: 36 + (index + 0.5) * step,
            y: 166 - (150 * row.numerator) / top,
            line: 166 - 1.5 * row.cumulative,
        }));
        return { bars, path: bars.map((bar) => `${bar.middle},${bar.line}`).join(" ") };
    }
}

registry.category("actions").add("aftersales_dashboard", AftersalesDashboard);
