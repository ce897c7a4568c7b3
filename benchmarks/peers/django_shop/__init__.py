"""Django with Django REST framework, as their documentation recommends."""
