"""Every label of every mode: kind, alphabet, width, unit. Meanings are in web/labels.*.json.

Each line of a table is `LABEL code unit`. The code is a letter for the kind, one for the alphabet,
the width in characters (`-17`: at most 17) and marks:

    kind      I index    P instantaneous    M maximum    R register    T text    A identity
    alphabet  d digits    h hexadecimal    c code    b capitals, digits, spaces    x text
              n signed decimal number    q number with its unit (of PME-PMI)    t date of PME-PMI
    marks     h horodated    ! part of the contract: a change is confirmed over several frames
              ^ sent only while an overload lasts    ~ sent once, so never held back
              % power of one phase, bounded by the subscription

Sources: Enedis-NOI-CPT_54E v3 (historique and standard), ERDF-NOI-CPT_02E v4 (PME-PMI), recordings
for the pilot Linky and the meters of the 2013 generation.
"""

from micropython import const

UNKNOWN = const(0)
HISTORIQUE = const(1)
STANDARD = const(2)
PMEPMI = const(3)
MODES = ("unknown", "historique", "standard", "pmepmi")

# Kinds: the first letter of a code.
INDEX = const(0x49)  # I
INSTANT = const(0x50)  # P
MAXIMUM = const(0x4D)  # M
REGISTER = const(0x52)  # R
TEXT = const(0x54)  # T
IDENTITY = const(0x41)  # A

# Marks, as bits.
AT_MOST = const(1)
DATED = const(2)
CONTRACT = const(4)
OVERLOAD = const(8)
ONCE = const(16)
PHASE = const(32)
MARKS = b"-h!^~%"

_HISTORIQUE = b"""
ADCO Ad12
OPTARIF Rc4!
ISOUSC Rd2! A
BASE Id9 Wh
HCHC Id9 Wh
HCHP Id9 Wh
EJPHN Id9 Wh
EJPHPM Id9 Wh
BBRHCJB Id9 Wh
BBRHPJB Id9 Wh
BBRHCJW Id9 Wh
BBRHPJW Id9 Wh
BBRHCJR Id9 Wh
BBRHPJR Id9 Wh
PEJP Pd2 min
PTEC Rc4
DEMAIN Rc4
IINST Pd3 A
IINST1 Pd3 A
IINST2 Pd3 A
IINST3 Pd3 A
ADPS Pd3^ A
ADIR1 Pd3^ A
ADIR2 Pd3^ A
ADIR3 Pd3^ A
IMAX Md3 A
IMAX1 Md3 A
IMAX2 Md3 A
IMAX3 Md3 A
PMAX Md5 W
PAPP Pd5 VA
HHPHC Rc1
MOTDETAT Rc6
PPOT Rh2
"""

_STANDARD = b"""
ADSC Ad12
VTIC Rd2
DATE Pd0h
NGTF Tx16!
LTARF Tx16
EAST Id9 Wh
EASF01 Id9 Wh
EASF02 Id9 Wh
EASF03 Id9 Wh
EASF04 Id9 Wh
EASF05 Id9 Wh
EASF06 Id9 Wh
EASF07 Id9 Wh
EASF08 Id9 Wh
EASF09 Id9 Wh
EASF10 Id9 Wh
EASD01 Id9 Wh
EASD02 Id9 Wh
EASD03 Id9 Wh
EASD04 Id9 Wh
EAIT Id9 Wh
ERQ1 Id9 VArh
ERQ2 Id9 VArh
ERQ3 Id9 VArh
ERQ4 Id9 VArh
IRMS1 Pd3 A
IRMS2 Pd3 A
IRMS3 Pd3 A
URMS1 Pd3 V
URMS2 Pd3 V
URMS3 Pd3 V
PREF Rd2! kVA
PCOUP Rd2! kVA
SINSTS Pd5 VA
SINSTS1 Pd5% VA
SINSTS2 Pd5% VA
SINSTS3 Pd5% VA
SMAXSN Md5h VA
SMAXSN1 Md5h VA
SMAXSN2 Md5h VA
SMAXSN3 Md5h VA
SMAXSN-1 Md5h VA
SMAXSN1-1 Md5h VA
SMAXSN2-1 Md5h VA
SMAXSN3-1 Md5h VA
SINSTI Pd5 VA
SMAXIN Md5h VA
SMAXIN-1 Md5h VA
CCASN Pd5h W
CCASN-1 Pd5h W
CCAIN Pd5h W
CCAIN-1 Pd5h W
UMOY1 Pd3h V
UMOY2 Pd3h V
UMOY3 Pd3h V
STGE Rh8
DPM1 Rd2h
FPM1 Rd2h
DPM2 Rd2h
FPM2 Rd2h
DPM3 Rd2h
FPM3 Rd2h
MSG1 Tx32
MSG2 Tx16~
PRM Ad14
RELAIS Rd3
NTARF Rd2
NJOURF Rd2
NJOURF+1 Rd2
PJOURF+1 Tb98
PPOINTE Tb98
SINST1 Pd5 VA
SMAXN Md5h VA
SMAXN-1 Md5h VA
"""

_PMEPMI = b"""
TRAME Rx-16
ADS Ad12
MESURES1 Tx-16!
DATE Pt17
EA_s Pq-12 Wh
ER+_s Pq-12 varh
ER-_s Pq-12 varh
EAPP_s Pq-12 VAh
EA_i Pq-12 Wh
ER+_i Pq-12 varh
ER-_i Pq-12 varh
EAPP_i Pq-12 VAh
PTCOUR1 Rc-3
TARIFDYN Rc-8
ETATDYN1 Rx-16
PREAVIS1 Rx-16
TDYN1CD Tx-17
TDYN1CF Tx-17
TDYN1FD Tx-17
TDYN1FF Tx-17
MODE Rc-8
CONFIG Rc-5
DATEPA1 Rt17
PA1_s Rq-10 kW
PA1_i Rq-10 kW
DATEPA2 Rt17
PA2_s Rq-10 kW
PA2_i Rq-10 kW
DATEPA3 Rt17
PA3_s Rq-10 kW
PA3_i Rq-10 kW
DATEPA4 Rt17
PA4_s Rq-10 kW
PA4_i Rq-10 kW
DATEPA5 Rt17
PA5_s Rq-10 kW
PA5_i Rq-10 kW
DATEPA6 Rt17
PA6_s Rq-10 kW
PA6_i Rq-10 kW
DebP Rt17
EAP_s Iq-14 kWh
EAP_i Iq-14 kWh
EaP_s Iq-14 kWh
EaP_i Iq-14 kWh
ER+P_s Iq-14 kvarh
ER-P_s Iq-14 kvarh
ER+P_i Iq-14 kvarh
ER-P_i Iq-14 kvarh
DebP-1 Rt17
FinP-1 Rt17
EaP-1_s Rq-14 kWh
EaP-1_i Rq-14 kWh
EAP-1_s Rq-14 kWh
EAP-1_i Rq-14 kWh
ER+P-1_s Rq-14 kvarh
ER-P-1_s Rq-14 kvarh
ER+P-1_i Rq-14 kvarh
ER-P-1_i Rq-14 kvarh
PS Rq-8! *
PREAVIS Rc-3
PA1MN Pq-10 kW
PMAX_s Mq-10 *
PMAX_i Mq-10 *
TGPHI_s Pn-8
TGPHI_i Pn-8
MESURES2 Tx-16!
PTCOUR2 Rc-3
ETATDYN2 Rx-16
PREAVIS2 Rx-16
TDYN2CD Tx-17
TDYN2CF Tx-17
TDYN2FD Tx-17
TDYN2FF Tx-17
DebP_2 Rt17
EaP_s2 Iq-14 kWh
EAP_s2 Iq-14 kWh
DebP-1_2 Rt17
FinP-1_2 Rt17
EaP-1_s2 Rq-14 kWh
EAP-1_s2 Rq-14 kWh
"""

TABLES = (b"", _HISTORIQUE, _STANDARD, _PMEPMI)


def find(mode: int, label: bytes) -> int:
    """Position of a label's code in TABLES[mode], -1 when the mode has no such label."""
    at = TABLES[mode].find(b"\n" + label + b" ")
    return at + len(label) + 2 if at >= 0 else -1


def mode_of(label: bytes, standard: bool, likely: int) -> int:
    """The mode that has this label, `likely` first; `standard`: the separators were HT."""
    if (likely == STANDARD) == standard and find(likely, label) >= 0:
        return likely
    if standard:
        return STANDARD if find(STANDARD, label) >= 0 else UNKNOWN
    for mode in (HISTORIQUE, PMEPMI):
        if find(mode, label) >= 0:
            return mode
    return UNKNOWN
