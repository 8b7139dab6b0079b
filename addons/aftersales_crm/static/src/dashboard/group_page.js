import { Component, onWillStart, useState } from "@odoo/owl";
import { _t } from "@web/core/l10n/translation";
import { registry } from "@web/core/registry";
import { useService } from "@web/core/utils/hooks";
import { standardActionServiceProps } from "@web/webclient/actions/action_service";

const MODEL = "aftersales.monthly.figure";
const TREND = { left: 34, top: 10, width: 1250, height: 180, right: 24, bottom: 24 };

/** The figures of all stores beside each other, for the group officer: stores and cases, never a person. */
export class AftersalesGroupPage extends Component {
    static template = "aftersales_crm.GroupPage";
    static props = { ...standardActionServiceProps };

    setup() {
        this.orm = useService("orm");
        this.action = useService("action");
        this.state = useState({ data: null, month: false, sort: -1, descending: false, store: false });
        this.trend = TREND;
        onWillStart(() => this.load());
    }

    async load() {
        this.state.data = await this.orm.call(MODEL, "get_group_page", [], { month: this.state.month });
        const name = _t("All Stores");
        this.env.config.setDisplayName(`${name} ${this.data.month_name}`);
    }

    get data() {
        return this.state.data;
    }

    async onMonth(ev) {
        Object.assign(this.state, { month: ev.target.value, store: false });
        await this.load();
    }

    print() {
        window.print();
    }

    sortBy(index) {
        this.state.descending = this.state.sort === index ? !this.state.descending : true;
        this.state.sort = index;
    }

    get stores() {
        const { sort, descending } = this.state;
        const stores = [...this.data.stores];
        if (sort >= 0) {
            const rank = (store) => (store.cells[sort].number === false ? -Infinity : store.cells[sort].number);
            stores.sort((a, b) => (descending ? rank(b) - rank(a) : rank(a) - rank(b)));
        }
        return stores;
    }

    get cases() {
        const { store } = this.state;
        return this.data.cases.filter((row) => !store || row.company_id === store);
    }

    storeName(id) {
        return this.data.stores.find((store) => store.id === id)?.name || "";
    }

    showCases(id) {
        this.state.store = this.state.store === id ? false : id;
    }

    /** All figures of a store and month that the officer may read. */
    openStore(store) {
        return this.action.doAction({
            type: "ir.actions.act_window",
            name: `${store.name} · ${this.data.month_name}`,
            res_model: MODEL,
            domain: [["company_id", "=", store.id], ["month", "=", this.data.month], ["is_current", "=", true]],
            context: { search_default_totals: 1 },
            views: [[false, "list"], [false, "pivot"], [false, "form"]],
        });
    }

    openFigure(cell) {
        return this.action.doAction({
            type: "ir.actions.act_window",
            res_model: MODEL,
            res_id: cell.id,
            views: [[false, "form"]],
        });
    }

    trendX(index) {
        return TREND.left + (index * TREND.width) / (this.data.trend.months.length - 1);
    }

    trendY(value) {
        return TREND.top + TREND.height * (1 - value / 100);
    }

    get trendBox() {
        return `0 0 ${TREND.left + TREND.width + TREND.right} ${TREND.top + TREND.height + TREND.bottom}`;
    }

    path(line) {
        return line.points.map((point) => `${this.trendX(point.index)},${this.trendY(point.value)}`).join(" ");
    }
}

registry.category("actions").add("aftersales_group_page", AftersalesGroupPage);
