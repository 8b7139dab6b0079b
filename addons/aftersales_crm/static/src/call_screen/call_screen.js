import { Component, onWillStart, onWillUnmount, useEffect, useExternalListener, useRef, useState } from "@odoo/owl";
import { browser } from "@web/core/browser/browser";
import { serializeDateTime } from "@web/core/l10n/dates";
import { _t } from "@web/core/l10n/translation";
import { ConnectionLostError } from "@web/core/network/rpc";
import { registry } from "@web/core/registry";
import { user } from "@web/core/user";
import { useService } from "@web/core/utils/hooks";
import { standardActionServiceProps } from "@web/webclient/actions/action_service";

const { DateTime } = luxon;
// A re-check has the same methods as a callback; the action says which of them is on the screen.
const MODELS = ["aftersales.callback", "aftersales.callback.recheck"];
const HEARTBEAT = 60000;
const DRAFT_DAYS = 3;
const DRAFT_PREFIX = "aftersales_call_draft";

/**
 * What the consultant has keyed in and not saved yet, kept in the browser: a lost connection or an expired login
 * loses nothing. Drafts are bound to the user, removed when saved, and swept after a few days.
 */
class Drafts {
    constructor(userId, model) {
        this.prefix = `${DRAFT_PREFIX}:${userId}:${model}:`;
    }

    read(callId) {
        try {
            return JSON.parse(browser.localStorage.getItem(this.prefix + callId)) || null;
        } catch {
            return null;
        }
    }

    write(callId, draft) {
        try {
            browser.localStorage.setItem(this.prefix + callId, JSON.stringify({ ...draft, at: Date.now() }));
        } catch {
            // A full or forbidden storage must not stop a call.
        }
    }

    remove(callId) {
        browser.localStorage.removeItem(this.prefix + callId);
    }

    sweep() {
        const oldest = Date.now() - DRAFT_DAYS * 24 * 3600 * 1000;
        for (const key of Object.keys(browser.localStorage)) {
            if (key.startsWith(`${DRAFT_PREFIX}:`)) {
                let draft = null;
                try {
                    draft = JSON.parse(browser.localStorage.getItem(key));
                } catch {
                    // Unreadable: removed below.
                }
                if (!draft || !(draft.at > oldest)) {
                    browser.localStorage.removeItem(key);
                }
            }
        }
    }
}

export class CallScreen extends Component {
    static template = "aftersales_crm.CallScreen";
    static props = { ...standardActionServiceProps };

    setup() {
        this.orm = useService("orm");
        this.action = useService("action");
        this.bus = useService("bus_service");
        this.root = useRef("root");
        const asked = this.props.action.params?.model;
        this.model = MODELS.includes(asked) ? asked : MODELS[0];
        this.drafts = new Drafts(user.userId, this.model);
        this.skipped = [];
        this.state = useState({
            loading: true,
            saving: false,
            offline: false,
            error: "",
            blocked: "",
            saved: "",
            showHelp: false,
            call: false,
            queue: { left: 0, done: 0, reached: 0 },
            answers: {},
            outcome: "",
            later: "",
            note: "",
            demand: false,
            active: 0,
            dialledAt: 0,
            now: Date.now(),
            clientKey: "",
        });
        this.env.config?.setDisplayName?.(this.props.action.name || _t("Call Screen"));
        useExternalListener(window, "keydown", this.onKeydown.bind(this), { capture: true });
        this.clock = browser.setInterval(() => this.onTick(), 1000);
        this.heartbeat = browser.setInterval(() => this.onHeartbeat(), HEARTBEAT);
        onWillStart(async () => {
            this.drafts.sweep();
            await this.load(this.props.action.params?.callback_id || this.props.action.context?.callback_id);
        });
        const onStop = ({ model, id }) => this.onStop(model, id);
        this.bus.subscribe("aftersales_call_stop", onStop);
        onWillUnmount(() => {
            this.bus.unsubscribe("aftersales_call_stop", onStop);
            browser.clearInterval(this.clock);
            browser.clearInterval(this.heartbeat);
            this.release();
        });
        useEffect(
            () => this.showActive(),
            () => [this.state.call && this.state.call.id, this.state.active]
        );
    }

    // ------------------------------------------------------------
    // Values for the template
    // ------------------------------------------------------------

    get questions() {
        return this.state.call ? this.state.call.questions : [];
    }

    get missing() {
        return this.questions.filter((question) => question.required && !this.isAnswered(question));
    }

    get isAnyAnswered() {
        return this.questions.some((question) => this.isAnswered(question));
    }

    get hasProblem() {
        return this.questions.some((question) => this.isProblem(question));
    }

    /** The outcome chosen by hand, else "completed" as soon as every required question is answered. */
    get outcome() {
        const outcomes = this.state.call ? this.state.call.outcomes : [];
        if (this.state.outcome) {
            return outcomes.find((outcome) => outcome.code === this.state.outcome);
        }
        if (this.isAnyAnswered && !this.missing.length) {
            return outcomes.find((outcome) => outcome.step === "complete");
        }
        return undefined;
    }

    get outcomeGroups() {
        const labels = { reached: _t("Reached"), not_reached: _t("Not Reached"), invalid: _t("Invalid") };
        return Object.keys(labels).map((name) => ({
            name,
            label: labels[name],
            outcomes: this.state.call.outcomes.filter((outcome) => outcome.class === name),
        }));
    }

    get elapsed() {
        return this.state.dialledAt ? Math.max(0, Math.round((this.state.now - this.state.dialledAt) / 1000)) : 0;
    }

    get elapsedText() {
        const seconds = this.elapsed;
        return `${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, "0")}`;
    }

    scores(question) {
        const last = question.kind === "score10" ? 10 : 5;
        return Array.from({ length: last }, (_item, index) => index + 1);
    }

    lines(text) {
        return (text || "").split("\n").filter((line) => line.trim());
    }

    isAnswered(question) {
        const value = this.state.answers[question.id];
        return value !== undefined && value !== "" && value !== null;
    }

    isProblem(question) {
        const value = this.state.answers[question.id];
        if (!this.isAnswered(question)) {
            return false;
        }
        switch (question.kind) {
            case "yes_no":
                return value === question.problem_answer;
            case "choice":
                return question.choices.some((choice) => choice.id === value && choice.is_problem);
            case "text":
                return question.is_problem_text && Boolean(String(value).trim());
            default:
                return value < question.problem_threshold;
        }
    }

    // ------------------------------------------------------------
    // Loading and drafts
    // ------------------------------------------------------------

    async load(callId) {
        this.state.loading = true;
        const result = await this.rpc(() =>
            this.orm.call(this.model, "get_call", [], {
                callback_id: callId || false,
                skip_ids: callId ? [] : this.skipped,
            })
        );
        this.state.loading = false;
        if (result) {
            this.show(result);
        }
    }

    show({ call, queue }) {
        const draft = (call && this.drafts.read(call.id)) || {};
        Object.assign(this.state, {
            call,
            queue,
            error: "",
            blocked: "",
            offline: false,
            answers: { ...(call ? call.answers : {}), ...(draft.answers || {}) },
            outcome: draft.outcome || "",
            later: draft.later || "",
            note: draft.note || "",
            demand: Boolean(draft.demand),
            dialledAt: draft.dialledAt || 0,
            // Made once a call, kept in its draft: a call that was saved although the answer got lost is not counted twice.
            clientKey: draft.clientKey || `${Date.now().toString(36)}-${Math.random().toString(36).slice(2, 12)}`,
        });
        const open = this.questions.findIndex((question) => !this.isAnswered(question));
        this.state.active = open < 0 ? this.questions.length : open;
        this.root.el?.scrollTo?.({ top: 0 });
    }

    keepDraft() {
        const { call, answers, outcome, later, note, demand, dialledAt, clientKey } = this.state;
        if (call) {
            this.drafts.write(call.id, { answers, outcome, later, note, demand, dialledAt, clientKey });
        }
    }

    /** Run a request; say what went wrong on the page itself, where the consultant looks. */
    async rpc(request) {
        try {
            const result = await request();
            this.state.offline = false;
            return result;
        } catch (error) {
            if (error instanceof ConnectionLostError) {
                this.state.offline = true;
            } else if (error.data) {
                if (error.data.name === "odoo.http.SessionExpiredException") {
                    throw error;
                }
                this.state.error = error.data.message || error.message;
            } else {
                throw error;
            }
            return undefined;
        }
    }

    async release() {
        const call = this.state.call;
        if (call && !this.drafts.read(call.id)) {
            try {
                await this.orm.silent.call(this.model, "action_release_call", [[call.id]]);
            } catch {
                // The claim ends by itself after a while.
            }
        }
    }

    onTick() {
        if (this.state.dialledAt) {
            this.state.now = Date.now();
        }
    }

    async onHeartbeat() {
        if (this.state.saving || this.state.loading || this.state.offline || document.hidden) {
            return;
        }
        if (this.state.call) {
            await this.checkCall();
        } else {
            await this.load();
        }
    }

    /** The server says that the customer must not be called any more: ask it why, and show that. */
    async onStop(model, id) {
        if (model === this.model && this.state.call && this.state.call.id === id) {
            await this.checkCall();
        }
    }

    /** Hold the claim; stop at once when the customer has withdrawn the consent meanwhile. */
    async checkCall() {
        const id = this.state.call.id;
        try {
            const { ok, reason } = await this.orm.silent.call(this.model, "keep_call", [[id]]);
            if (this.state.call && this.state.call.id === id) {
                this.state.blocked = ok ? "" : reason;
            }
        } catch (error) {
            this.state.offline = error instanceof ConnectionLostError;
        }
    }

    // ------------------------------------------------------------
    // Answers and outcome
    // ------------------------------------------------------------

    answer(question, value) {
        if (value === undefined || value === "") {
            // An emptied answer that the server knows already is sent as empty, not forgotten.
            delete this.state.answers[question.id];
        } else {
            this.state.answers[question.id] = value;
        }
        this.state.error = "";
        this.keepDraft();
    }

    answerAndGoOn(question, value) {
        this.answer(question, value);
        this.state.active = this.questions.indexOf(question) + 1;
    }

    choose(code) {
        this.state.outcome = code;
        this.state.error = "";
        if (this.outcome?.step === "call_later" && !this.state.later) {
            this.setLater(this.nextDay(10));
        }
        if (this.outcome?.step !== "call_later") {
            this.state.later = "";
        }
        this.keepDraft();
        if (this.outcome?.step === "call_later") {
            Promise.resolve().then(() => requestAnimationFrame(() => this.focus("[name='later']")));
        }
    }

    nextDay(hour) {
        return DateTime.now().plus({ days: 1 }).set({ hour, minute: 0 });
    }

    inHours(hours) {
        return DateTime.now().plus({ hours });
    }

    setLater(moment) {
        this.state.later = moment.toFormat("yyyy-MM-dd'T'HH:mm");
        this.keepDraft();
    }

    setField(name, value) {
        this.state[name] = value;
        this.keepDraft();
    }

    toggleDemand() {
        if (this.state.call.is_recheck) {
            return;
        }
        this.setField("demand", !this.state.demand);
    }

    dial() {
        if (!this.state.dialledAt) {
            this.state.dialledAt = Date.now();
            this.state.now = Date.now();
            this.keepDraft();
        }
        this.checkCall();
    }

    openRecord(model, id) {
        this.action.doAction({
            type: "ir.actions.act_window",
            res_model: model,
            res_id: id,
            views: [[false, "form"]],
            target: "new",
        });
    }

    // ------------------------------------------------------------
    // Save
    // ------------------------------------------------------------

    async save() {
        const { call } = this.state;
        if (!call || this.state.saving) {
            return;
        }
        const outcome = this.outcome;
        if (!outcome) {
            this.state.error = _t("Choose how the call ended, then save.");
            return;
        }
        let later = false;
        if (outcome.step === "call_later") {
            const moment = DateTime.fromISO(this.state.later || "");
            if (!moment.isValid) {
                this.state.error = _t("Enter the agreed time of the next call.");
                return;
            }
            later = serializeDateTime(moment);
        }
        this.state.saving = true;
        this.state.error = "";
        this.keepDraft();
        const isReached = outcome.class === "reached";
        const result = await this.rpc(() =>
            this.orm.call(this.model, "action_save_call", [[call.id]], {
                outcome_code: outcome.code,
                answers: isReached ? { ...this.state.answers } : {},
                duration: Math.min(this.elapsed, 86399),
                channel: "phone",
                call_later: later,
                note: this.state.note,
                demand: isReached && this.state.demand,
                client_key: this.state.clientKey,
                next_call: true,
                skip_ids: this.skipped,
            })
        );
        this.state.saving = false;
        if (result) {
            this.drafts.remove(call.id);
            this.state.saved = _t("%(customer)s: %(outcome)s, saved.", {
                customer: call.customer.name,
                outcome: outcome.name,
            });
            this.show(result);
        }
    }

    /** Put the call aside without saving; it comes back in the next session. */
    async skip() {
        if (this.state.call) {
            this.skipped.push(this.state.call.id);
            await this.release();
        }
        this.state.saved = "";
        await this.load();
    }

    // ------------------------------------------------------------
    // Keyboard
    // ------------------------------------------------------------

    focus(selector) {
        this.root.el?.querySelector(selector)?.focus();
    }

    showActive() {
        const question = this.questions[this.state.active];
        const element = question && this.root.el?.querySelector(`[data-question="${question.id}"]`);
        element?.scrollIntoView?.({ block: "nearest" });
        if (question?.kind === "text") {
            // On a phone the keyboard would jump up and hide the page: there the field is tapped.
            if (!window.matchMedia("(pointer: coarse)").matches) {
                element?.querySelector("textarea")?.focus();
            }
        } else if (this.root.el?.contains(document.activeElement)) {
            document.activeElement.blur();
        }
    }

    move(step) {
        this.state.active = Math.min(this.questions.length, Math.max(0, this.state.active + step));
    }

    onKeydown(ev) {
        if (ev.isComposing || ev.keyCode === 229 || document.querySelector(".modal.show, .o_dialog, .o_command_palette")) {
            return;
        }
        if (this.handleKey(ev)) {
            ev.preventDefault();
            ev.stopPropagation();
        }
    }

    /** @returns {boolean} whether the key was ours */
    handleKey(ev) {
        const inField = ev.target.closest?.("input, textarea, select, [contenteditable='true']");
        if (inField && !this.root.el?.contains(inField)) {
            return false;
        }
        if (ev.key === "Enter" && (ev.ctrlKey || ev.metaKey)) {
            this.save();
            return true;
        }
        if (ev.ctrlKey || ev.metaKey || ev.altKey) {
            return false;
        }
        if (inField) {
            return this.handleFieldKey(ev, inField);
        }
        if (ev.target.closest?.("a[href], button, summary") && [" ", "Enter"].includes(ev.key)) {
            // A focused button or link does what it says.
            return false;
        }
        if (!this.state.call) {
            if (ev.key === "Enter") {
                this.load();
                return true;
            }
            return false;
        }
        const question = this.questions[this.state.active];
        switch (ev.key) {
            case "Enter":
                this.save();
                return true;
            case "ArrowDown":
                this.move(1);
                return true;
            case "ArrowUp":
                this.move(-1);
                return true;
            case "Backspace":
            case "Delete":
                if (question) {
                    this.answer(question, undefined);
                }
                return true;
            case "?":
                this.state.showHelp = !this.state.showHelp;
                return true;
        }
        if (question && this.handleAnswerKey(question, ev.key.toLowerCase())) {
            return true;
        }
        return ev.shiftKey ? false : this.handleCommandKey(ev.key.toLowerCase());
    }

    handleFieldKey(ev, field) {
        if (ev.key === "Escape") {
            field.blur();
            return true;
        }
        if (ev.key !== "Enter" || ev.shiftKey) {
            return false;
        }
        if (field.dataset.question) {
            this.move(1);
        } else if (field.name === "later") {
            this.save();
        } else {
            field.blur();
        }
        return true;
    }

    handleAnswerKey(question, key) {
        if (question.kind === "yes_no" && (key === "y" || key === "n")) {
            this.answerAndGoOn(question, key === "y" ? "yes" : "no");
            return true;
        }
        if (!/^\d$/.test(key)) {
            return false;
        }
        const number = Number(key);
        if (question.kind === "score5" && number >= 1 && number <= 5) {
            this.answerAndGoOn(question, number);
            return true;
        }
        if (question.kind === "score10") {
            this.answerAndGoOn(question, number || 10);
            return true;
        }
        if (question.kind === "choice") {
            const choice = question.choices[(number || 10) - 1];
            if (choice) {
                this.answerAndGoOn(question, choice.id);
            }
            return true;
        }
        return false;
    }

    handleCommandKey(key) {
        switch (key) {
            case "t":
                this.root.el.querySelector("a.o_call_dial")?.click();
                return true;
            case "m":
                this.toggleDemand();
                return true;
            case "e":
                this.focus("[name='note']");
                return true;
            case "g":
                this.skip();
                return true;
        }
        const outcome = this.state.call.outcomes.find((item) => item.key === key);
        if (outcome) {
            this.choose(outcome.code);
            return true;
        }
        return false;
    }
}

registry.category("actions").add("aftersales_call_screen", CallScreen);
