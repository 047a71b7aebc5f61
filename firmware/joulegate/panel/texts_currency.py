"""What is printed for a currency: code, symbol and decimals (ISO 4217, minor units).

A symbol that several currencies share stands here for one of them only. Others, and those whose
symbol no display has, are printed as their code or usual letters; a currency that is not here as
its code, with two decimals.
"""

TEXTS = """
AUD A$ 2
BDT Tk 2
BRL R$ 2
CAD C$ 2
CLP CLP 0
CNY ¥ 2
EUR € 2
GBP £ 2
HKD HK$ 2
IDR Rp 2
INR Rs 2
ISK ISK 0
JPY JPY 0
KES KSh 2
KRW KRW 0
MXN MX$ 2
MYR RM 2
NGN N 2
NPR NRs 2
NZD NZ$ 2
PYG PYG 0
SGD S$ 2
TRY TL 2
TZS TSh 2
UGX USh 0
USD $ 2
VND VND 0
XAF FCFA 0
XOF CFA 0
ZAR R 2
"""
"""A line each; a text, as a dict of them would stand in the heap."""
