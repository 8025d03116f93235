"""What changes people, teams, roles and memberships. Keyword-only, actor and time explicit, one transaction each.

Views decide who may; actions hold the rules that hold for everyone. `actor` None is the installation itself.
"""
