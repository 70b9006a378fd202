"""The keys of the model: where each stands, and how it is written as JSON.

One flat object; the keys are the same in every mode, and a key is left out while the meter does
not say it: nothing is ever 0 or null for want of knowledge. Energies are whole Wh. The keys are
attributes of Meter, too, but for period_<key>_..., which periods() gives, and <key>_at. H is
historique, S standard, P PME-PMI; three: only with three phases; inj: only of a meter that counts
injection. n stands for a number from 1.

mode                     historique, standard, pmepmi or unknown
date                     SP, the meter's clock, ISO 8601; P without an offset
clock_degraded           S, true: its clock is not to be trusted
serial prm               only when identifiers are asked for, as are messages; prm S
maker year type          HSP, taken from the serial number (identity.py), year as a number
phases                   HSP, 1 or 3
producer                 SP, true: the contract is to inject
contract                 HSP, base, hchp, ejp, tempo or other
contract_name            HSP, the meter's word: OPTARIF, NGTF or MESURES1
subscribed_va            HSP, VA; from ISOUSC in H; P only if agreed in kVA
subscribed_w             P, W, if agreed in kW
cutoff_va                S, VA, above which the breaker opens
period                   HSP, key of the period that counts now: H base hc hp hn pm hcjb hpjb hcjw
                         hpjw hcjr hpjr, S 1 to 10, P hph hch hpe hce p m hh hpd hcd ja hp hc
period_name              HSP, the meter's word for it
period_<key>_wh          HSP, Wh, each period in use. S: those that count or have counted; P: those
                         seen since start, the others as they were last sent
period_<key>_name        HSP, the meter's word; S once it was heard
period_wh                P, Wh, the current one
colour tomorrow          HS under Tempo, blue, white or red: the day that runs, the next once known
next_change_minute       S, when another period begins: minutes after the midnight that began
                         this day, 1440 and more is tomorrow (calendar.py)
next_change_period       S, key of that period, if it is known
peak_notice peak         HS, number of the mobile peak that is announced, in progress; H 1
peak_from_n peak_to_n    S, local times of mobile peak n, ISO 8601 without an offset
withdrawn_wh             HS, Wh, all that was ever taken
injected_wh              S inj, Wh, all that was ever injected
injected_period_wh       P inj, Wh, the same of the current period
reactive_varh_n          S inj, varh, by quadrant
interval_wh              P, Wh since the last whole ten minutes
apparent_va injected_va  HS, VA drawn, S inj VA injected
net_va                   HS, VA, negative when the meter says that it injects
apparent_va_n            HS, VA, the same by phase, negative while it injects; three S only
minute_w                 P, W, mean of the last minute
current_a_n voltage_v_n  HS, S, by phase, A, V
mean_voltage_v_n         S, V, mean of ten minutes
load_percent             HSP, % of what is subscribed that is drawn
load_percent_n           HS, %, the same by phase
maximum_va               S, VA, highest of today; with _yesterday the day before (and H, three)
maximum_va_n             S three, the same by phase; with _yesterday too
injected_maximum_va      S inj, the same of injection; with _yesterday too
highest_va highest_w     P, H three of old meters: since the meter last began anew
curve_w_n                SP, W, points of the load curve, the newest is 1; S 2, P 6
curve_at_n               P, their times
injected_curve_w_n       SP inj, W, the same of injection
overload                 HS, true: more is drawn than is subscribed, by the meter's own judgement
notice                   P, dep: near the subscribed power, or as the meter says
phase_missing_n          H three, true: no voltage there
relay_n                  S, true: closed; 1 is the dry contact, 2 to 8 are virtual contacts 1 to 7
stge                     S, the register as sent, and its bits:
contact_open cover_open overvoltage injecting plc_synchronised      true or false
cutoff                   closed, or why the breaker is open: overpower overvoltage shedding order
                         overheat_strong overheat
supplier_index operator_index      1 to 10, 1 to 4
euridis plc              off open secured; unlocked locked registered
message message_short    S, what the operator writes
<key>_at                 S, the time of a value that the meter dates, ISO 8601
"""

from firmware.tic import fields, keys, moments

_PRIVATE = (b"serial", b"prm", b"message", b"message_short")

# The keys that are not in keys.py, in the same form.
TABLE = b"""
clock_degraded |DDATE b161
maker MADCO|MADSC|MADS
year YADCO|YADSC|YADS
type TADCO|TADSC|TADS
cutoff_va |kPCOUP
next_change_minute |cDATE
next_change_period |eDATE
peak_from_#3 |hDPM#
peak_to_#3 |hFPM#
reactive_varh_#4 |dERQ#
interval_wh ||qEA_s
mean_voltage_v_#3 |dUMOY#
load_percent =load_percent
load_percent_#3 =load_percent_phase
maximum_va |dSMAXSN dSMAXN
maximum_va_#3 |dSMAXSN#
maximum_yesterday_va lPMAX|dSMAXSN-1 dSMAXN-1
maximum_yesterday_va_#3 |dSMAXSN#-1
injected_maximum_va |dSMAXIN
injected_maximum_yesterday_va |dSMAXIN-1
highest_va ||vPMAX_s
highest_w oPMAX||wPMAX_s
curve_w_1 |dCCASN
curve_w_2 |dCCASN-1
curve_w_#6 ||qPA#_s
curve_at_#6 ||hDATEPA#
injected_curve_w_1 |dCCAIN
injected_curve_w_2 |dCCAIN-1
injected_curve_w_#6 ||qPA#_i
phase_missing_#3 mPPOT
relay_#8 |rRELAIS
stge |aSTGE
contact_open |b001
cutoff |s013/closed/overpower/overvoltage/shedding/order/overheat_strong/overheat
cover_open |b041
overvoltage |b061
supplier_index |n104
operator_index |n142
euridis |s192/off/open//secured
plc |s212/unlocked/locked/registered
plc_synchronised |b231
message |xMSG1
message_short |xMSG2
injected_period_wh ||qEAP_i qEaP_i
prm |aPRM
"""


def write(meter, writer, identifiers=False, head: bytes = b"{") -> None:
    """Writes one object: `writer` has write(bytes), and text(bytes) for a JSON string. It begins
    with `head`, which may hold members.
    """
    for key, value in members(meter, identifiers):
        writer.write(head)
        head = b","
        writer.text(key)
        writer.write(b":")
        if isinstance(value, bytes):
            writer.text(value)
        else:
            writer.write(str(value).lower().encode())
    writer.write(b"}")


def members(meter, identifiers):
    """(key, value) of each member: bytes, and an integer, true, false or a text in UTF-8.

    identifiers: whether serial number, PRM and messages are among them, or a function that makes
    such a value, bytes, into what is shown for it.
    """
    yield b"mode", meter.mode.encode()
    for table in (keys.TABLE, TABLE):
        at = 1
        while at < len(table):
            key = table[at:table.find(b" ", at)]
            if key not in _PRIVATE or identifiers is True:
                yield from _line(meter, table, at, key)
            elif identifiers:
                for name, value in _line(meter, table, at, key):
                    yield name, identifiers(value)
            at = table.find(b"\n", at) + 1
    for key, name, wh in meter.periods():
        key = b"period_%s" % key
        yield key + b"_wh", wh
        if name:
            yield key + b"_name", _text(name)


def _line(meter, table, at, key):
    """The members that the line at table[at] gives."""
    number = last = 0
    if key[-2] == 0x23:
        number, last = 1, key[-1] - 0x30
    while number <= last:
        value, date = meter.read(table, at, number)
        if value is not None:
            name = b"%s%d" % (key[:-2], number) if last else key
            yield name, _text(value)
            if date:
                yield name + b"_at", _text(date)
        elif number > 1:
            break  # what the second phase lacks, the third does
        number += 1


def _text(value):
    """A value as it is written."""
    if isinstance(value, int) or isinstance(value, bool):  # MicroPython knows them apart
        return value
    if isinstance(value, str):
        return value.encode()
    if len(value) == moments.HORODATE:
        return fields.iso(value).encode()
    if len(value) == moments.DATE_PMEPMI:
        return moments.iso_date(value).encode()
    return bytes(value)
