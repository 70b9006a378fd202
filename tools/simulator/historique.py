"""The frames of historique mode, one and three phases: ERDF-NOI-CPT_02E and 54E annex."""

_COLOURS = ("----", "BLEU", "BLAN", "ROUG")
SHORT = 20                      # short frames between two long ones in an overload
AFTER = 60                      # seconds that the short frames go on


def over(meter) -> list:
    """The phases (1..3) whose current is above the subscription."""
    return [n for n, amps in enumerate(meter.amps, 1) if amps > meter.isousc]


def build(meter) -> list:
    """[(label, None, data)] of a long frame."""
    contract, tariff, r = meter.contract, meter.tariff, meter.registers
    out = [("ADCO", meter.serial), ("OPTARIF", contract.optarif),
           ("ISOUSC", f"{meter.isousc:02}")]
    if contract.optarif == "BASE":              # also what a Linky shows of a market offer
        out.append(("BASE", f"{r.total:09}"))
    else:
        out += [(label, f"{r.supplier[n - 1]:09}")
                for label, n in zip(contract.indexes, contract.emitted)]
    if contract.name == "ejp" and _notice(meter):
        out.append(("PEJP", "30"))
    out.append(("PTEC", tariff.ptec))
    if contract.name == "tempo":
        out.append(("DEMAIN", _COLOURS[tariff.tomorrow]))
    power = f"{(abs(sum(meter.s)) if sum(meter.p) >= 0 else 0) // 10 * 10:05}"
    if meter.phases == 1:
        out.append(("IINST", f"{meter.amps[0]:03}"))
        if over(meter):
            out.append(("ADPS", f"{meter.amps[0]:03}"))
        out += [("IMAX", "090" if meter.linky else f"{meter.imax[0]:03}"), ("PAPP", power)]
    else:
        out += [(f"IINST{n}", f"{amps:03}") for n, amps in enumerate(meter.amps, 1)]
        out += [(f"IMAX{n}", "060" if meter.linky else f"{amps:03}")
                for n, amps in enumerate(meter.imax, 1)]
        out += [("PMAX", f"{r.yesterday_peak:05}"), ("PAPP", power)]
    if meter.linky or contract.name != "ejp":
        out.append(("HHPHC", "A"))
    out.append(("MOTDETAT", "000000"))
    if meter.phases == 3:
        out.append(("PPOT", "00"))
    return [(label, None, data) for label, data in out]


def short(meter) -> list:
    """[(label, None, data)] of a short frame; no ADIRn in it once the excess has ended."""
    out = [(f"ADIR{n}", f"{meter.amps[n - 1]:03}") for n in over(meter)]
    out.append(("ADCO", meter.serial))
    out += [(f"IINST{n}", f"{amps:03}") for n, amps in enumerate(meter.amps, 1)]
    return [(label, None, data) for label, data in out]


def _notice(meter) -> bool:
    """PEJP: the half hour before the peak; older meters keep it through the peak."""
    tariff = meter.tariff
    soon = tariff.notice and tariff.peak_soon - meter.time <= 1800
    return bool(soon or (tariff.peak and not meter.linky))
