"""The keys of the model that are asked for at each frame or at each event; the others, and what
all of them mean, are in model.py, which is loaded when they are.
"""

# A key, and where its value stands in historique | standard | PME-PMI, or in all: a letter for how
# it is read, then the label, or the lowest bit (two digits) and the number of bits in STGE. The
# first that the meter sends, and that means something, counts. #n ends a key that is there for 1
# to n (phases, quadrants ...); # in a label is that number.
#   a bytes    d decimal    N index    x text    R without final dots
#   L and in lower case
#   h horodate or date    q number with unit    v the same if in VA    w if in W    k kVA
#   i subscribed A    l PMAX of a Linky    o of others    M Y T maker, year, type    C colour
#   u whether PM..
#   P whether PROD    D whether the clock of a horodate is degraded    - the opposite, or none
#   r bit of RELAIS    m bit of PPOT    1 3 t f 1, 3, true or false when it is sent at all
#   b bit    s one of the words that follow    p number, none for 0    n number from 1
#   = an attribute, or with a number a method, of Meter    c e parts of next_change
TABLE = b"""
date |hDATE|hDATE
phases 3IINST2 1IINST|3IRMS2 3SINSTS2 1IRMS1|3MESURES1
producer |b081|PCONFIG
contract =contract
contract_name ROPTARIF|xNGTF|xMESURES1
subscribed_va iISOUSC|kPREF|vPS
subscribed_w ||wPS
period LPTEC|NNTARF|LPTCOUR1
period_name =period_name
colour CPTEC|s242//blue/white/red
tomorrow CDEMAIN|s262//blue/white/red
peak_notice 1PEJP|p282
peak uPTEC|p302
withdrawn_wh =total|dEAST
injected_wh |dEAIT
apparent_va dPAPP|dSINSTS dSINST1
apparent_va_#3 =apparent
injected_va |dSINSTI
net_va dPAPP|-SINSTI dSINSTS dSINST1
minute_w ||qPA1MN
current_a_1 dIINST
current_a_#3 dIINST#|dIRMS#
voltage_v_#3 |dURMS#
overload tADPS tADIR1 tADIR2 tADIR3 fPTEC|b071
notice ||xPREAVIS xPREAVIS1
injecting |b091
period_wh ||qEAP_s qEaP_s
serial aADCO|aADSC|aADS
"""
