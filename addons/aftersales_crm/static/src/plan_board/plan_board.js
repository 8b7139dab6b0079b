import { Component, onWillStart, useEffect, useRef, useState } from "@odoo/owl";
import { _t } from "@web/core/l10n/translation";
import { ConnectionLostError } from "@web/core/network/rpc";
import { registry } from "@web/core/registry";
import { useService } from "@web/core/utils/hooks";
import { standardActionServiceProps } from "@web/webclient/actions/action_service";

const MODEL = "aftersales.callback.plan";
const NOWHERE = { userId: false, day: false };

/**
 * The plan of a month as a supervisor sees it: who calls how many customers on which day, why somebody is in or out,
 * what is short, and what would be if. The server looks at every rule of a move; the board only shows its answer.
 */
export class PlanBoard extends Component {
    static template = "aftersales_crm.PlanBoard";
    static props = { ...standardActionServiceProps };

    setup() {
        this.orm = useService("orm");
        this.action = useService("action");
        this.state = useState({
            board: false,
            error: "",
            busy: false,
            cell: false,
            calls: [],
            picked: [],
            over: "",
            whatIf: false,
            result: false,
        });
        this.grid = useRef("grid");
        // The past of the month lies to the left of what is to be done.
        useEffect(
            () => this.grid.el?.querySelector("th.o_today")?.scrollIntoView({ inline: "center", block: "nearest" }),
            () => [Boolean(this.state.board)]
        );
        onWillStart(async () => {
            const { context, params } = this.props.action;
            this.planId = params?.plan_id || context?.active_id || (await this.findPlan());
            if (this.planId) {
                await this.reload();
                this.env.config?.setDisplayName?.(_t("Board %s", this.state.board?.plan?.name || ""));
            }
        });
    }

    // ------------------------------------------------------------
    // Values for the template
    // ------------------------------------------------------------

    /** The agents of the plan, and below them those who would only be in the what-if. */
    get agents() {
        const agents = this.state.board.agents;
        const known = new Set(agents.map((agent) => agent.id));
        const added = (this.state.result?.agents || []).filter((agent) => !known.has(agent.id) && agent.capacity);
        return [...agents, ...added.map((agent) => ({ ...agent, cells: {}, total: 0, isNew: true }))];
    }

    get reasonsIn() {
        return this.state.board.reasons.filter((reason) => reason.is_in);
    }

    get reasonsOut() {
        return this.state.board.reasons.filter((reason) => !reason.is_in);
    }

    cellOf(agent, day) {
        return agent.cells[day.date] || { planned: 0, done: 0, missed: 0, other: 0, capacity: 0 };
    }

    /** What the cell would hold in the what-if; undefined when it would hold the same. */
    tried(agent, day) {
        const found = this.state.result?.agents?.find((item) => item.id === agent.id);
        if (!this.state.result || day.is_over) {
            return undefined;
        }
        const planned = found?.cells[day.date]?.planned || 0;
        return planned === this.cellOf(agent, day).planned ? undefined : planned;
    }

    triedTotal(agent) {
        return this.state.result?.agents?.find((item) => item.id === agent.id)?.total || 0;
    }

    cellClass(agent, day) {
        const cell = this.cellOf(agent, day);
        const load = cell.planned + cell.other;
        const level = cell.capacity ? Math.min(4, Math.ceil((4 * load) / cell.capacity)) : 0;
        return {
            [`o_load_${level}`]: Boolean(load),
            o_full: cell.capacity && load >= cell.capacity,
            o_off: !cell.capacity && !day.is_over,
            o_over: day.is_over,
            o_open: this.isOpen(agent.id, day.date),
            o_target: this.state.over === `${agent.id}:${day.date}`,
        };
    }

    cellTitle(agent, day) {
        const cell = this.cellOf(agent, day);
        const values = { agent: agent.name, day: day.title, ...cell };
        if (day.is_over) {
            return _t("%(agent)s, %(day)s: %(done)s called, %(missed)s missed, %(planned)s left over", values);
        }
        if (!cell.capacity) {
            return _t("%(agent)s, %(day)s: makes no calls", values);
        }
        return _t("%(agent)s, %(day)s: %(planned)s to call, room for %(capacity)s, %(done)s called", values);
    }

    dayTotal(day) {
        return this.state.board.agents.reduce((sum, agent) => sum + this.cellOf(agent, day).planned, 0);
    }

    isOpen(userId, day) {
        return Boolean(this.state.cell) && this.state.cell.userId === userId && this.state.cell.day === day;
    }

    // ------------------------------------------------------------
    // Loading
    // ------------------------------------------------------------

    /** Without a plan in the address: the one of this month, else the latest. */
    async findPlan() {
        const [plan] = await this.orm.searchRead(MODEL, [], ["id"], { limit: 1, order: "date_from desc" });
        return plan?.id;
    }

    async run(method, args, kwargs = {}) {
        this.state.busy = true;
        this.state.error = "";
        try {
            return await this.orm.call(MODEL, method, [[this.planId], ...args], kwargs);
        } catch (error) {
            if (error instanceof ConnectionLostError) {
                this.state.error = _t("The connection is lost. Try again when it is back.");
            } else if (error.data && error.data.name !== "odoo.http.SessionExpiredException") {
                this.state.error = error.data.message || error.message;
            } else {
                throw error;
            }
            return undefined;
        } finally {
            this.state.busy = false;
        }
    }

    async reload() {
        const board = await this.run("get_board", []);
        if (board) {
            this.state.board = board;
        }
    }

    async open(userId, day) {
        if (this.state.picked.length && userId && !this.isOpen(userId, day)) {
            await this.move(this.state.picked, userId, day);
            return;
        }
        this.state.cell = { userId, day };
        this.state.picked = [];
        await this.list();
    }

    async list() {
        const { userId, day } = this.state.cell;
        this.state.calls = (await this.run("get_cell", [], { user_id: userId, day })) || [];
    }

    openNowhere() {
        return this.open(NOWHERE.userId, NOWHERE.day);
    }

    close() {
        this.state.cell = false;
        this.state.calls = [];
        this.state.picked = [];
    }

    get cellLabel() {
        const { userId, day } = this.state.cell;
        if (!userId) {
            return _t("Without room");
        }
        const agent = this.agents.find((item) => item.id === userId);
        const date = this.state.board.days.find((item) => item.date === day);
        return `${agent?.name || ""} · ${date?.title || day}`;
    }

    // ------------------------------------------------------------
    // Moving
    // ------------------------------------------------------------

    pick(call) {
        const at = this.state.picked.indexOf(call.id);
        if (at < 0) {
            this.state.picked.push(call.id);
        } else {
            this.state.picked.splice(at, 1);
        }
    }

    onDragStart(ev, call) {
        const ids = this.state.picked.includes(call.id) ? [...this.state.picked] : [call.id];
        ev.dataTransfer.setData("text/plain", JSON.stringify(ids));
        ev.dataTransfer.effectAllowed = "move";
    }

    onDragOver(ev, agent, day) {
        if (this.state.board.plan.may_move) {
            ev.preventDefault();
            this.state.over = `${agent.id}:${day.date}`;
        }
    }

    async onDrop(ev, agent, day) {
        ev.preventDefault();
        this.state.over = "";
        let ids = [];
        try {
            ids = JSON.parse(ev.dataTransfer.getData("text/plain"));
        } catch {
            // Something else was dropped: not ours.
        }
        if (Array.isArray(ids) && ids.length) {
            await this.move(ids, agent.id, day.date);
        }
    }

    async move(ids, userId, day) {
        const board = await this.run("move_calls", [[...ids], userId, day]);
        if (board) {
            this.state.board = board;
            this.state.picked = [];
            if (this.state.cell) {
                await this.list();
            }
        }
    }

    // ------------------------------------------------------------
    // What if
    // ------------------------------------------------------------

    async toggleWhatIf() {
        this.state.result = false;
        if (this.state.whatIf) {
            this.state.whatIf = false;
            return;
        }
        const agents = await this.run("get_possible_agents", []);
        if (agents) {
            this.state.whatIf = agents;
        }
    }

    get wantedAgents() {
        return this.state.whatIf
            .filter((agent) => agent.is_in)
            .map((agent) => ({ user_id: agent.id, capacity: Math.max(0, Math.round(Number(agent.capacity) || 0)) }));
    }

    async tryIt() {
        const result = await this.run("what_if", [this.wantedAgents]);
        if (result) {
            this.state.result = result;
        }
    }

    async takeOver() {
        const board = await this.run("apply_what_if", [this.wantedAgents]);
        if (board) {
            Object.assign(this.state, { board, whatIf: false, result: false });
            this.close();
        }
    }

    // ------------------------------------------------------------
    // Going on
    // ------------------------------------------------------------

    async plan(method) {
        const done = await this.run(method, []);
        if (done) {
            this.close();
            await this.reload();
        }
    }

    openReason(reason) {
        this.action.doAction({
            type: "ir.actions.act_window",
            name: reason.label,
            res_model: "aftersales.callback.candidate",
            views: [[false, "list"], [false, "form"]],
            domain: [["plan_id", "=", this.planId], ["reason_code", "=", reason.code]],
        });
    }

    openCall(call) {
        const isCall = this.state.board.plan.state === "confirmed";
        this.action.doAction({
            type: "ir.actions.act_window",
            res_model: isCall ? "aftersales.callback" : "aftersales.callback.candidate",
            res_id: call.id,
            views: [[false, "form"]],
            target: "new",
        });
    }

    openPlan() {
        this.action.doAction({
            type: "ir.actions.act_window",
            res_model: MODEL,
            res_id: this.planId,
            views: [[false, "form"]],
        });
    }
}

registry.category("actions").add("aftersales_plan_board", PlanBoard);
